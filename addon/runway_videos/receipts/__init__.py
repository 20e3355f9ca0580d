"""What was made and what it cost, added up from the account that `runway_audit` keeps."""
