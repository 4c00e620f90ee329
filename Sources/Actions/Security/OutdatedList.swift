import Maintenance

/// The packages that a package manager lists as outdated.
struct OutdatedList {
    /// Who made the list.
    enum Origin: String, WordValue {
        /// `pip list --outdated --format=json`
        case pip
        /// `npm outdated --json`
        case npm
    }

    struct Package: Hashable {
        let name: String
        let current: String
        let latest: String

        /// The first part of the version that differs: what an update may break.
        enum Step: String { case major, minor, patch, other }

        var step: Step {
            let (have, new) = (Self.numbers(current), Self.numbers(latest))
            guard !have.isEmpty, !new.isEmpty else { return .other }
            for (index, step) in [Step.major, .minor, .patch].enumerated() {
                let pair = (index < have.count ? have[index] : 0, index < new.count ? new[index] : 0)
                if pair.0 != pair.1 { return step }
            }
            return .other
        }

        /// `v1.2.3-rc1` is 1, 2, 3.
        private static func numbers(_ version: String) -> [Int] {
            let text = version.drop { !$0.isNumber }.prefix { $0.isNumber || $0 == "." }
            return text.split(separator: ".").compactMap { Int($0) }
        }
    }

    let packages: [Package]

    /// - Parameter installed: how many packages there are, where it is known: an empty list of pip's alone says nothing.
    init(_ document: JSONValue, of manager: Origin, installed: Int?) throws(CouldNotLook) {
        switch manager {
        case .pip: packages = try Self.pip(document, installed)
        case .npm: packages = try Self.npm(document)
        }
    }

    /// pip prints `[]` and ends well also where it reached no index.
    private static func pip(_ document: JSONValue, _ installed: Int?) throws(CouldNotLook) -> [Package] {
        guard case .list(let entries) = document else {
            throw CouldNotLook(.malformed, "It is not what `pip list --outdated --format=json` prints: no list.")
        }
        guard !entries.isEmpty || installed != nil else {
            throw CouldNotLook(
                .partlyCovered,
                "The list is empty, which pip prints also where it reached no index; give `installed` with what "
                    + "`pip list --format=json` printed in the same environment.")
        }
        if let installed, installed < entries.count {
            throw CouldNotLook(
                .malformed, "More packages are outdated than `installed` lists: they do not belong together.")
        }
        guard installed != 0 else {
            throw CouldNotLook(.noData, "No package is installed where the lists were made.")
        }
        var packages: [Package] = []
        for entry in entries {
            guard let name = entry["name"]?.asText, let current = entry["version"]?.asText,
                let latest = entry["latest_version"]?.asText
            else { throw CouldNotLook(.malformed, "An entry lacks its name, version or latest version.") }
            packages.append(Package(name: name, current: current, latest: latest))
        }
        return packages
    }

    private static func npm(_ document: JSONValue) throws(CouldNotLook) -> [Package] {
        guard case .object(let entries) = document else {
            throw CouldNotLook(.malformed, "It is not what `npm outdated --json` prints: no object.")
        }
        if let error = entries["error"], error["code"] != nil || error["summary"] != nil {
            let code =
                error["code"]?.asText.map { " (\($0.filter { $0.isASCII && !$0.isWhitespace }.prefix(40)))" } ?? ""
            throw CouldNotLook(.unreachable, "npm could not ask its registry\(code): the list was not made.")
        }
        var packages: [Package] = []
        for (name, entry) in entries.sorted(by: { $0.key < $1.key }) {
            // One package may stand in several places, each with its own version.
            let places: [JSONValue] = if case .list(let several) = entry { several } else { [entry] }
            for place in places {
                guard let latest = place["latest"]?.asText else {
                    throw CouldNotLook(.malformed, "An entry lacks its latest version.")
                }
                // `current` is missing where the package is declared and not installed.
                packages.append(
                    Package(name: name, current: place["current"]?.asText ?? "not installed", latest: latest))
            }
        }
        return packages
    }
}
