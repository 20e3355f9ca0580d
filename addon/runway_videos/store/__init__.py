"""What is remembered of videos: sealed ids, the references inside them, records in memory."""
