public import Maintenance

extension RunStep {
    /// Itself with the checks of its proof and of its guard: each needs rights of its own.
    public var parts: [RunStep] { [self] + proof + (guardSteps ?? []) }

    /// The least rights that its action needs; `nil` while its parameters hold references that only the run resolves.
    public func rights(_ catalogue: Catalogue) -> [Right]? {
        try? catalogue.actions[action]?.configured(with: parameters).rights
    }
}
