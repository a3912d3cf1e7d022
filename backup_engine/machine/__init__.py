"""What the engine and the application ask of the machine: private files, and programs that are told no secrets."""
