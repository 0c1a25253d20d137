import Foundation
import Testing

@testable import BenchRunner

/// Colours as WCAG 2.2 measures their contrast and as people see them who lack a kind of cone.
@Suite struct PaletteTests {
    static let schemes = [("light", Palette.light), ("dark", Palette.dark)]

    /// Linear RGB (WCAG 2.2, "relative luminance").
    private static func linear(_ color: Palette.Color) -> [Double] {
        [color.red, color.green, color.blue].map { value in
            let share = Double(value) / 255
            return share <= 0.04045 ? share / 12.92 : pow((share + 0.055) / 1.055, 2.4)
        }
    }

    private static func contrast(_ a: Palette.Color, _ b: Palette.Color) -> Double {
        let light = [a, b].map { color in
            zip(linear(color), [0.2126, 0.7152, 0.0722]).reduce(0) { $0 + $1.0 * $1.1 }
        }.sorted()
        return (light[1] + 0.05) / (light[0] + 0.05)
    }

    @Test func `contrast is that of the specification's ends`() {
        #expect(abs(Self.contrast(.init(0), .init(0xFFFFFF)) - 21) < 1e-9)
        // WCAG's best known threshold: #767676 is the lightest grey that passes on white.
        #expect(Self.contrast(.init(0x767676), .init(0xFFFFFF)) >= 4.5)
        #expect(Self.contrast(.init(0x777777), .init(0xFFFFFF)) < 4.5)
    }

    @Test(arguments: schemes)
    func `text stands out from the paper, and lines and bars do`(
        name: String, scheme: Palette.Scheme
    ) {
        for ground in [scheme.paper, scheme.raised] {
            for text in [scheme.ink, scheme.muted, scheme.link, scheme.good, scheme.bad] {
                #expect(Self.contrast(text, ground) >= 4.5, "\(name) \(text.hex)")
            }
        }
        for color in scheme.series + scheme.parts {
            #expect(Self.contrast(color, scheme.paper) >= 3, "\(name) \(color.hex)")
        }
    }

    /// Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color Vision
    /// Deficiency" (2009), severity 1.
    private static let deficiencies: [(name: String, matrix: [[Double]])] = [
        ("none", [[1, 0, 0], [0, 1, 0], [0, 0, 1]]),
        (
            "protanopia",
            [
                [0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                [-0.003882, -0.048116, 1.051998],
            ]
        ),
        (
            "deuteranopia",
            [
                [0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                [-0.011820, 0.042940, 0.968881],
            ]
        ),
        (
            "tritanopia",
            [
                [1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
                [0.004733, 0.691367, 0.303900],
            ]
        ),
    ]

    /// CIE L*a*b* (D65) of what is seen.
    private static func lab(_ color: Palette.Color, _ matrix: [[Double]]) -> [Double] {
        let rgb = linear(color)
        let seen = matrix.map { row in
            min(max(zip(row, rgb).reduce(0) { $0 + $1.0 * $1.1 }, 0), 1)
        }
        let xyz = [
            [0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
            [0.0193339, 0.1191920, 0.9503041],
        ].map { row in zip(row, seen).reduce(0) { $0 + $1.0 * $1.1 } }
        let f = zip(xyz, [0.95047, 1, 1.08883]).map { value, white -> Double in
            let share = value / white
            return share > 0.008856 ? cbrt(share) : 7.787 * share + 16.0 / 116
        }
        return [116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])]
    }

    /// A difference of 2.3 is just noticed (Mahy and others, 1994); thin lines need ten times that.
    private static let leastDifference = 25.0

    @Test(arguments: schemes)
    func `no two lines look alike to anybody`(name: String, scheme: Palette.Scheme) {
        for (deficiency, matrix) in Self.deficiencies {
            let seen = scheme.series.map { Self.lab($0, matrix) }
            for (a, b) in seen.indices.flatMap({ a in seen.indices.dropFirst(a + 1).map { (a, $0) }
            }) {
                let difference = zip(seen[a], seen[b])
                    .reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
                #expect(
                    difference >= Self.leastDifference,
                    "\(name), \(deficiency): \(a) and \(b) differ by \(difference)")
            }
        }
    }

    @Test func `every strategy has a look of its own, without its colour too`() {
        let styles = Strategy.allCases.map { SeriesStyle($0) }
        #expect(Set(styles.map { "\($0.shape) \($0.isOpen)" }).count == Strategy.allCases.count)
        #expect(styles.allSatisfy { Symbols.paths.indices.contains($0.shape) })
        #expect(styles.allSatisfy { Palette.light.series.indices.contains($0.color) })
        #expect(SeriesStyle(.acceleratedPut).color == SeriesStyle(.presignedPut).color)
    }
}
