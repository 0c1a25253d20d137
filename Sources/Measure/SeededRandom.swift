import Foundation

/// The same numbers from the same seed on every machine: SplitMix64 (Steele, Lea, Flood: "Fast
/// splittable pseudorandom number generators", 2014).
package struct SeededRandom: RandomNumberGenerator, Sendable {
    @usableFromInline var state: UInt64

    package init(seed: UInt64) { state = seed }

    @inlinable
    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// Uniform in [0, 1), of 53 random bits.
    @inlinable
    package mutating func nextUniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// Standard normal (Box and Muller).
    package mutating func nextNormal() -> Double {
        (2 * nextExponential()).squareRoot() * cos(2 * Double.pi * nextUniform())
    }

    /// Exponential with mean 1, by inversion.
    package mutating func nextExponential() -> Double { -log1p(-nextUniform()) }
}
