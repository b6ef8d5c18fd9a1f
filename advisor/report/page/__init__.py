"""The page as a file: templates and their sandbox, HTML, SVG and PDF."""
