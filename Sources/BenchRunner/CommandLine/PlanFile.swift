import Presign

/// `--plan FILE.json`: one object whose keys are the command's flags without their dashes.
enum PlanFile {
    /// A plan with a thousand objectives has some tens of kilobytes.
    private static let limitBytes = 1 << 20
    private static let shownLength = 60

    static func read(_ path: String, keys: [String]) throws(CommandError) -> [String: String] {
        let bytes = try InputFile.read(path, for: "--plan", limit: limitBytes)
        let document: JSONValue
        do throws(JSONError) {
            document = try JSONParser.parse(bytes)
        } catch {
            throw .usage("--plan: '\(path)' is not valid JSON: \(error)")
        }
        guard let members = document.object else {
            throw .usage("--plan: '\(path)' must be a JSON object such as {\"size\": \"4MiB\"}")
        }
        var plan: [String: String] = [:]
        // In order: of two unknown keys it is always the same one that the error names.
        for (key, value) in members.sorted(by: { $0.name < $1.name }) {
            guard keys.contains(key) else { throw unknown(key, keys, path) }
            guard plan[key] == nil else {
                throw .usage("--plan: '\(key)' stands twice in '\(path)'")
            }
            guard let text = text(of: value) else {
                throw .usage(
                    "--plan: '\(key)' in '\(path)' must be a text, a number, true or false, or a list of"
                        + " texts and numbers")
            }
            guard !text.utf8.contains(0) else {
                throw .usage("--plan: '\(key)' in '\(path)' has a NUL in its text")
            }
            plan[key] = text
        }
        return plan
    }

    private static func unknown(_ key: String, _ keys: [String], _ path: String) -> CommandError {
        let hint = nearest(to: key, among: keys).map { "; did you mean '\($0)'?" } ?? ""
        let shown = key.count > shownLength ? key.prefix(shownLength) + "…" : key[...]
        return .usage("--plan: unknown key '\(shown)' in '\(path)'\(hint)")
    }

    private static func text(of value: JSONValue) -> String? {
        guard let elements = value.array else { return scalar(value) }
        let texts = elements.compactMap(scalar)
        return texts.count == elements.count ? texts.joined(separator: ",") : nil
    }

    private static func scalar(_ value: JSONValue) -> String? {
        switch value {
        case .string(let text): return text
        case .bool(let isOn): return isOn ? "true" : "false"
        // 1e3 and 2.0 are whole numbers to JSON; flags take them as 1000 and 2.
        case .number(let text):
            guard Int(text) == nil, let number = Double(text), let whole = Int(exactly: number)
            else { return text }
            return "\(whole)"
        case .null, .array, .object: return nil
        }
    }
}
