"""The command `hallmark`: a client of the API that signs where the keys are, home tests, and operating a server."""
