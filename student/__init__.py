"""What a student is and how it answers: tasks, bundles and the torch-free runtime."""
