public import Host
public import Maintenance
public import Plans

/// Opens a channel and sends once over it. Whatever happens comes back as an outcome.
public struct ChannelSender: Sendable {
    private let catalogue: Catalogue
    private let host: Host

    public init(_ catalogue: Catalogue, on host: Host) {
        self.catalogue = catalogue
        self.host = host
    }

    /// `secrets` are what opening the channel brought to light; the outcome is free of them.
    public func send(
        _ notice: Notice, id: String, over channel: RunChannel, in context: Context
    ) async -> (outcome: DeliveryOutcome, secrets: [Secret]) {
        let opened: (kind: any ChannelKind, secrets: [Secret])
        do throws(CouldNotLook) { opened = try open(channel) } catch {
            return (.failed(error.cause, mayRetry: false, after: nil), [])
        }
        let outcome = await send(notice, id: id, over: opened.kind, in: context)
        let masker = Masker(opened.secrets)
        return ((try? masker.masked(outcome)) ?? outcome.withoutTexts, opened.secrets)
    }

    private func send(
        _ notice: Notice, id: String, over kind: any ChannelKind, in context: Context
    ) async -> DeliveryOutcome {
        do {
            return .delivered(
                try await until(context.deadline + EngineLimits.graceAfterDeadline, on: host) {
                    try await kind.deliver(notice, id: id, in: context)
                })
        } catch let error as DeliveryError {
            switch error {
            case .notSent(let cause, let mayRetry, let after):
                return .failed(cause, mayRetry: mayRetry, after: after)
            case .perhapsSent(let cause): return .perhapsSent(cause)
            }
        } catch {
            // Only who knows that nothing went out may say so.
            return .perhapsSent(Cause(.perhapsSent, "Perhaps it was sent. \(Cause(error).sentence)"))
        }
    }

    private func open(_ channel: RunChannel) throws(CouldNotLook) -> (kind: any ChannelKind, secrets: [Secret]) {
        guard let definition = catalogue.channels[channel.kind] else {
            throw CouldNotLook(.notSupported, "This version has no channel of kind `\(channel.kind)`.")
        }
        let (settings, secrets) = try resolve(definition.spelledOut(channel.settings), definition)
        do throws(ValueErrors) {
            let kind = try definition.channel(from: settings)
            return (kind, secrets + kind.secrets)
        } catch {
            let mistakes = Masker(secrets).mask(error.errors.map(\.message).joined(separator: "; "))
            throw CouldNotLook(.malformed, "The channel's settings are wrong once resolved: \(mistakes).")
        }
    }
}

extension ChannelSender {
    /// Without references. What a parameter says that is not declared as a secret, such as a mail server or a recipient,
    /// tells only where the channel leads, which may be told; what lies deeper may be anything, and is kept secret.
    fileprivate func resolve(
        _ settings: PlanValue, _ kind: ChannelKindDefinition
    ) throws(CouldNotLook) -> (PlanValue, [Secret]) {
        guard case .map(let entries) = settings else { return try References.resolve(settings, host: host) }
        var resolved: [PlanValue.Entry] = []
        var secrets: [Secret] = []
        for entry in entries {
            let (value, found) = try References.resolve(entry.value, host: host)
            resolved.append(PlanValue.Entry(entry.key, value))
            let parameter = kind.parameters.first { $0.name == entry.key }
            if case .map = value {
                secrets += found
            } else if parameter?.typeName.hasSuffix(Secret.typeName) != false {
                secrets += found
            }
        }
        return (.map(resolved), secrets)
    }
}

extension DeliveryOutcome {
    /// What is left of it where a text cannot be written without a secret.
    fileprivate var withoutTexts: DeliveryOutcome {
        let sentence = "What was said of it cannot be recorded without a secret."
        return switch self {
        case .delivered: .delivered(DeliveryReceipt(sentence))
        case .failed(let cause, let mayRetry, let after):
            .failed(Cause(cause.code, sentence), mayRetry: mayRetry, after: after)
        case .perhapsSent(let cause): .perhapsSent(Cause(cause.code, sentence))
        }
    }
}
