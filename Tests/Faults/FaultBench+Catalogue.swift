@testable import millwright

extension FaultBench {
    static let catalogue = Composition().catalogue
}
