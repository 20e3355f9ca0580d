"""What is kept of videos: sealed ids, the references inside them, records in process memory."""
