"""What stands in each section of the report, as rows and sentences."""
