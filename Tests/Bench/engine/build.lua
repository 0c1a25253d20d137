-- A PUT of BODY_FILE to a URL of its own each time, as presigned uploads need it. The URL has the length
-- and the parts of a presigned one, but its signature is a number: nothing is signed here.
local file = io.open(os.getenv("BODY_FILE"), "rb")
local body = file:read("*a")
file:close()
local headers = { ["Content-Type"] = "image/jpeg" }
local query = "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20260410%2Fus-east-1"
    .. "%2Fs3%2Faws4_request&X-Amz-Date=20260410T224818Z&X-Amz-Expires=300"
    .. "&X-Amz-SignedHeaders=content-type%3Bhost&X-Amz-Signature="
local number = 0

request = function()
    number = number + 1
    local key = string.format("/uploads/users/uploadbench/%08x-0000-4000-8000-%012x.jpg", number, number)
    return wrk.format("PUT", key .. query .. string.format("%064x", number), headers, body)
end
