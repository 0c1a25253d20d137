/// Holm's step-down adjustment ("A simple sequentially rejective multiple test procedure", 1979):
/// the chance that any of the true null hypotheses is rejected stays below the level.
package enum Holm {
    /// The adjusted p of each p, in their order.
    package static func adjusted(_ pValues: [Double]) -> [Double] {
        let order = pValues.indices.sorted { pValues[$0] < pValues[$1] }
        var adjusted = pValues
        var largest = 0.0
        for (step, index) in order.enumerated() {
            largest = max(largest, min(1, Double(pValues.count - step) * pValues[index]))
            adjusted[index] = largest
        }
        return adjusted
    }
}
