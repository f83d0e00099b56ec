namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>Gathers findings, so that a person hears of all of them at once.</summary>
public sealed class FindingList
{
    private readonly List<ConfigurationFinding> _findings = [];

    /// <summary>All findings, in the order in which they were made.</summary>
    public IReadOnlyList<ConfigurationFinding> All => _findings;

    /// <summary>True when one of them forbids a run.</summary>
    public bool HasErrors => _findings.Exists(f => f.Severity == FindingSeverity.Error);

    /// <summary>Adds an error.</summary>
    public void Error(string? key, string? file, int line, string problem, string remedy) =>
        Add(FindingSeverity.Error, key, file, line, problem, remedy);

    /// <summary>Adds a finding.</summary>
    public void Add(FindingSeverity severity, string? key, string? file, int line, string problem, string remedy) =>
        _findings.Add(new ConfigurationFinding { Severity = severity, Key = key, File = file, Line = line, Problem = problem, Remedy = remedy });

    /// <summary>Throws <c>ConfigurationInvalid</c>, which names every error, when there is one.</summary>
    /// <exception cref="StingException"><c>ConfigurationInvalid</c></exception>
    public void ThrowOnError()
    {
        var errors = _findings.Where(f => f.Severity == FindingSeverity.Error).ToArray();
        if (errors.Length == 0)
        {
            return;
        }
        var message = errors.Length == 1
            ? $"The configuration is wrong: {errors[0]}"
            : $"The configuration is wrong in {errors.Length} places: {string.Join(" | ", errors.Select(e => e.ToString()))}";
        throw new StingException("ConfigurationInvalid", FailureKind.InvalidConfiguration, message, errors[0].Key ?? errors[0].File,
            errors[0].Remedy + (errors.Length > 1 ? " Test-StingBackupConfig lists every finding with its remedy." : ""));
    }
}
