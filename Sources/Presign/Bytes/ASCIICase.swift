extension String {
    /// Names of fields compare by the case of ASCII letters alone (RFC 9110 §5.1). Unicode's lower
    /// case of the Kelvin sign is `k`: with it a field that nobody reads could stand for `key`
    /// before a policy's condition, and satisfy it in the place of the real one.
    package var asciiLowercased: String {
        if utf8.allSatisfy({ $0 &- 0x41 >= 26 }) { return self }
        return String(decoding: utf8.map { $0 &- 0x41 < 26 ? $0 | 0x20 : $0 }, as: UTF8.self)
    }
}
