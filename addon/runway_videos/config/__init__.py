"""mitm.conf, environment and options, checked and put into one frozen struct."""
