/// Colours that stay apart for people who see two primaries, and that stand out from the paper.
///
/// The hues of Okabe and Ito, "Color Universal Design" (2008), moved until each line has a contrast of
/// 3:1 with the paper (WCAG 2.2, 1.4.11) and a CIE76 distance of 25 from every other, also as people
/// with protanopia, deuteranopia and tritanopia see them: `PaletteTests` computes both. Shapes and
/// dashes say the same once more, so that no reading depends on colour alone (1.4.1).
enum Palette {
    struct Color: Sendable, Equatable {
        let red: Int
        let green: Int
        let blue: Int

        init(_ rgb: Int) {
            (red, green, blue) = (rgb >> 16 & 255, rgb >> 8 & 255, rgb & 255)
        }

        var hex: String {
            let digits = [red, green, blue].map { value -> String in
                let text = String(value, radix: 16)
                return value < 16 ? "0" + text : text
            }
            return "#" + digits.joined()
        }
    }

    /// What a scheme draws with; the names are those of the style sheet's variables.
    struct Scheme: Sendable {
        let paper: Color
        let ink: Color
        let muted: Color
        let link: Color
        let rule: Color
        let raised: Color
        let good: Color
        let bad: Color
        /// Lines and marks.
        let series: [Color]
        /// Parts of a stacked bar; the fourth is the rest.
        let parts: [Color]
    }

    static let light = Scheme(
        paper: Color(0xFFFFFF), ink: Color(0x1B1F24), muted: Color(0x57606A), link: Color(0x0B57A4),
        rule: Color(0xD8DEE4), raised: Color(0xF6F7F9), good: Color(0x00694B), bad: Color(0xB3261E),
        series: [0xA6321C, 0xAA9300, 0xAE548E, 0x184CBB, 0x00A367, 0x542C36].map(Color.init),
        parts: [
            0xAA9300, 0x184CBB, 0x00A367, 0x8A939C, 0xAE548E, 0xA6321C, 0x3D8FD1, 0x7A6FC4,
        ].map(Color.init))

    static let dark = Scheme(
        paper: Color(0x14171B), ink: Color(0xE6E9ED), muted: Color(0xA3ACB6), link: Color(0x7CB9F5),
        rule: Color(0x343A42), raised: Color(0x1C2025), good: Color(0x5CCBA3), bad: Color(0xFF8A80),
        series: [0xE35F35, 0xF2D33E, 0xBF73A8, 0x7692F4, 0x13DB86, 0xCCECED].map(Color.init),
        parts: [
            0xF2D33E, 0x7692F4, 0x13DB86, 0x7B858F, 0xBF73A8, 0xE35F35, 0x2E86D0, 0xA79CF0,
        ].map(Color.init))

    /// Custom properties of the page's style sheet.
    static func variables(_ scheme: Scheme) -> String {
        var pairs = [
            ("paper", scheme.paper), ("ink", scheme.ink), ("muted", scheme.muted),
            ("link", scheme.link), ("rule", scheme.rule), ("raised", scheme.raised),
            ("good", scheme.good), ("bad", scheme.bad),
        ]
        pairs += scheme.series.enumerated().map { ("s\($0.offset)", $0.element) }
        pairs += scheme.parts.enumerated().map { ("p\($0.offset)", $0.element) }
        return pairs.map { "--\($0.0):\($0.1.hex)" }.joined(separator: ";")
    }
}

/// How one line and its marks look.
struct SeriesStyle: Sendable, Equatable {
    /// Index into the scheme's series colours.
    let color: Int
    /// Index into `Symbols`.
    let shape: Int
    /// A dashed line with hollow marks.
    let isOpen: Bool

    init(color: Int, shape: Int, isOpen: Bool = false) {
        self.color = color
        self.shape = shape
        self.isOpen = isOpen
    }

    /// An accelerated strategy looks like the one that it accelerates, dashed and hollow.
    init(_ strategy: Strategy) {
        let base = strategy.unaccelerated ?? strategy
        let order: [Strategy] = [
            .proxyJSON, .proxyBinary, .edgeRedirect, .presignedPut, .presignedPost,
            .presignedMultipart,
        ]
        let index = order.firstIndex(of: base) ?? 5
        self.init(color: index, shape: index, isOpen: strategy.isAccelerated)
    }

    /// For what is no strategy: runs, models.
    static func numbered(_ index: Int) -> SeriesStyle {
        let order = [3, 0, 4, 1, 2, 5]
        let color = order[index % order.count]
        return SeriesStyle(color: color, shape: color, isOpen: index / order.count % 2 == 1)
    }

    var classes: String { "s\(color)" + (isOpen ? " open" : "") }
}

/// The marks' shapes, drawn once in the page and referred to.
enum Symbols {
    static let dot = "k-dot"

    static func id(_ shape: Int) -> String { "k-\(shape)" }

    /// Around the origin, of about the same area.
    static let paths = [
        "M0-4.2L4.2 0 0 4.2-4.2 0z", "M-3.8-3.2H3.8L0 3.6z",
        "M-1.2-3.6h2.4v2.4h2.4v2.4h-2.4v2.4h-2.4v-2.4h-2.4v-2.4h2.4z",
        "M3.2 0A3.2 3.2 0 1 1-3.2 0 3.2 3.2 0 1 1 3.2 0z", "M-2.8-2.8H2.8V2.8H-2.8z",
        "M-3.8 3.2H3.8L0-3.6z",
    ]

    static var definitions: Markup {
        var symbols = paths.enumerated().map { index, path -> Markup in
            "<path id=\"\(id(index))\" d=\"\(path)\"/>"
        }
        symbols.append("<circle id=\"\(dot)\" r=\"1.5\"/>")
        return """
            <svg class="symbols" width="0" height="0" aria-hidden="true" focusable="false">\
            <defs>\(symbols)</defs></svg>
            """
    }
}
