"""What the door needs of mitmproxy: options, listening, flows. The only code that imports it."""
