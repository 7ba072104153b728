"""The Train page: runs started, watched, compared, and taken apart step by step."""
