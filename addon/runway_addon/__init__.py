"""What the addon needs of mitmproxy: options, listening, flows. The only code that imports it."""
