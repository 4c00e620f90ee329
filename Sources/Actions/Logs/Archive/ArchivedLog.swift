import ClientKubernetes
import ClientObjectStore
import Host
import Maintenance

/// What is said of an archived log beside its bytes: it travels as the object's metadata, so that a later look, by
/// another process too, can prove the object from the store alone.
struct ArchivedLog: Sendable, Equatable {
    let run: String
    let step: String
    let pod: String
    let container: String
    let lines: Int
    /// Before compression.
    let bytes: Int
    let first: String
    let last: String
    /// Of the object's bytes.
    let sha256: String
    let size: Int64
    /// Why the period is not covered as a whole; `nil` where it is.
    let gap: String?

    init(
        _ unit: WorkUnit, _ label: WorkLabel, _ span: LogSpan, _ text: (lines: Int, bytes: Int),
        _ file: (sha256: String, size: Int64)
    ) {
        run = label.run
        step = label.step
        pod = unit.attributes["pod"] ?? ""
        container = unit.attributes["container"] ?? ""
        lines = text.lines
        bytes = text.bytes
        first = span.first?.description ?? "none"
        last = span.last?.description ?? "none"
        sha256 = file.sha256
        size = file.size
        gap = (span.coverage.cause?.sentence).map { sentence in
            String(
                String.UnicodeScalarView(sentence.unicodeScalars.filter { (32..<127).contains($0.value) })
                    .prefix(LogsActionLimits.keptCause))
        }
    }

    var metadata: [String: String] {
        var fields = [
            "millwright-run": run, "millwright-step": step, "pod": pod, "container": container, "lines": String(lines),
            "bytes": String(bytes), "first": first, "last": last, "sha256": sha256, "size": String(size),
            "coverage": gap == nil ? "whole" : "partly",
        ]
        fields["gap"] = gap
        // What a store would refuse is of no use; names of pods are plain ASCII anyway.
        return fields.mapValues { value in
            String(value.unicodeScalars.filter { (32..<127).contains($0.value) }.map(Character.init))
        }
    }

    /// `nil` for an object that no archive of ours is.
    init?(_ metadata: [String: String]) {
        guard let run = metadata["millwright-run"], let step = metadata["millwright-step"],
            let sha256 = metadata["sha256"], sha256.count == 64, let size = metadata["size"].flatMap({ Int64($0) }),
            let lines = metadata["lines"].flatMap({ Int($0) }), let bytes = metadata["bytes"].flatMap({ Int($0) }),
            let coverage = metadata["coverage"]
        else { return nil }
        self.run = run
        self.step = step
        self.sha256 = sha256
        self.size = size
        self.lines = lines
        self.bytes = bytes
        pod = metadata["pod"] ?? ""
        container = metadata["container"] ?? ""
        first = metadata["first"] ?? "none"
        last = metadata["last"] ?? "none"
        gap = coverage == "whole" ? nil : metadata["gap"] ?? "The period is not covered as a whole."
    }

    /// What a person must know of an archive that is in place.
    func findings(_ title: String, maySilent: Bool) -> [Finding] {
        var findings: [Finding] = []
        if let gap {
            findings.append(
                Finding(
                    title, .unknown, Cause(.partlyCovered, gap),
                    advice: "Archive more often than the node rotates the log, or have a collector keep it."))
        }
        if lines == 0, gap == nil, !maySilent {
            findings.append(
                Finding(
                    title, .warn, Cause(.noData, "\(title) wrote not a line in the period."),
                    advice: "Name a container that writes nothing in `silent`."))
        }
        return findings
    }
}
