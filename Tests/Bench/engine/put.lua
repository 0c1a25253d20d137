-- One PUT of BODY_FILE, built once: what wrk does best.
wrk.method = "PUT"
wrk.headers["Content-Type"] = "image/jpeg"
local file = io.open(os.getenv("BODY_FILE"), "rb")
wrk.body = file:read("*a")
file:close()
