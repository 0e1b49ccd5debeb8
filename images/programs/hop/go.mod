module benchlab.dev/hop

go 1.25.0
