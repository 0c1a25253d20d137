import Presign

/// The machine, the plan and what was emulated, from `run.json`.
struct RecordMarkup {
    let record: JSONValue
    let level: Int

    var markup: Markup {
        let parts: [(title: String, note: String, value: JSONValue?)] = [
            ("Run", "", .object(Self.facts(record))),
            ("Plan", "as resolved from flags, environment and plan file", record["plan"]),
            ("Target", "", record["target"]), ("Machine", "", record["machine"]),
            ("Libraries", "", record["libraries"]),
            (
                "Emulated", "no measurement of the real service: parameters of the emulation",
                record["emulated"]
            ),
        ]
        return Markup.joined(
            parts.compactMap { part in
                part.value.flatMap { list(part.title, part.note, $0) }
            })
    }

    /// What stands at the top of the file.
    private static func facts(_ record: JSONValue) -> [(name: String, value: JSONValue)] {
        let shown = [
            "tool", "status", "started_at", "ended_at", "seed", "git_commit", "roles_cpu_s",
        ]
        return (record.object ?? []).filter { shown.contains($0.name) }
    }

    private func list(_ title: String, _ note: String, _ value: JSONValue) -> Markup? {
        let isEmulated = title == "Emulated"
        let parts = RecordParts(value)
        guard !parts.isEmpty else { return nil }
        let remark: Markup =
            note.isEmpty ? "" : " <span class=\"\(isEmulated ? "badge" : "note")\">\(note)</span>"
        let isWide = isEmulated || title == "Plan"
        return """
            <div class="facts\(isWide ? " wide" : "")"><h\(level)>\(title)\(remark)</h\(level)>\
            \(parts.markup)</div>

            """
    }
}

/// A JSON object for people: `outer.inner` pairs, and a table of members that are all alike.
struct RecordParts {
    private var pairs: [(name: String, text: String)] = []
    private var tables: [Markup] = []
    private static let longestText = 300

    init(_ value: JSONValue) { add(value, name: "") }

    var isEmpty: Bool { pairs.isEmpty && tables.isEmpty }

    var markup: Markup {
        let rows = pairs.prefix(PageLimits.rows).map { pair -> Markup in
            "<div><dt>\(pair.name)</dt><dd>\(pair.text)</dd></div>\n"
        }
        return (rows.isEmpty ? "" : "<dl>\(rows)</dl>") + Markup.joined(tables)
    }

    private mutating func add(_ value: JSONValue, name: String) {
        guard let members = value.object else {
            if !value.isNull { pairs.append((name, Self.text(value))) }
            return
        }
        if members.count > 1, members.allSatisfy({ !($0.value.object ?? []).isEmpty }),
            Set(members.map { Set(($0.value.object ?? []).map(\.name)) }).count == 1
        {
            tables.append(Self.table(members, name))
            return
        }
        for member in members {
            // `parameters` says nothing that the heading does not.
            let inner = member.name == "parameters" ? "" : member.name
            add(
                member.value,
                name: [name, inner].filter { !$0.isEmpty }.joined(separator: "."))
        }
    }

    private static func table(_ members: [(name: String, value: JSONValue)], _ name: String)
        -> Markup
    {
        let shown = members.prefix(2 * PageLimits.panels)
        let header = shown.map { member -> Markup in "<th scope=\"col\">\(member.name)</th>" }
        let keys = (shown.first?.value.object ?? []).map(\.name).prefix(PageLimits.rows)
        let rows = keys.map { key -> Markup in
            let cells = shown.map { member -> Markup in
                "<td>\(member.value[key].map(text) ?? "")</td>"
            }
            return "<tr><th scope=\"row\">\(key)</th>\(cells)</tr>\n"
        }
        return """
            <div class="scroll" role="region" tabindex="0" aria-label="\(name)"><table>\
            <thead><tr><th scope="col">\(name)</th>\(header)</tr></thead><tbody>\(rows)</tbody>\
            </table></div>

            """
    }

    /// Lists on one line; a decimal with three places.
    private static func text(_ value: JSONValue) -> String {
        switch value {
        case .null: return ""
        case .bool(let truth): return truth ? "yes" : "no"
        case .string(let text): return shortened(text)
        case .number(let digits):
            guard digits.contains("."), let number = Double(digits), abs(number) >= 0.001 else {
                return digits
            }
            return Markup.coordinate(number, places: 3)
        case .array(let elements): return shortened(elements.map(text).joined(separator: ", "))
        case .object(let members):
            return shortened(members.map { "\($0.name) \(text($0.value))" }.joined(separator: ", "))
        }
    }

    private static func shortened(_ text: String) -> String {
        text.count > longestText ? String(text.prefix(longestText)) + " …" : text
    }
}
