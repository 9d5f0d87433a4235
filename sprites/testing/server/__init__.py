"""The server: a request in, a reply out, with what a test wants changed or broken in between."""
