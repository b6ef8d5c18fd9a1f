"""What a household owns of each company, looked through its funds, as intervals."""
