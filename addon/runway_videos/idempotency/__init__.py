"""One create, one payment: retries of a create are recognised and get its outcome."""
