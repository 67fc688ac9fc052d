"""The rewards API over a `World`, in both dialects: Atrium (two key headers) and the MX Platform API (HTTP Basic).

`endpoints` has a function per endpoint, `calls` what these read of a call and the pages of a list, and `application`
routes calls to them and checks keys and versions.
"""
