"""What somebody who knows HTTP and S3 well sends to `serve` to break it; shared by the checks here and by
`make torture`."""
