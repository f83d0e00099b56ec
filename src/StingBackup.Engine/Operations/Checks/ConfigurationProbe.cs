using System.Runtime.CompilerServices;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Operations.Checks;

/// <summary>What the caller knows of the repository and the keys; null where it does not.</summary>
public sealed record ProbeFacts
{
    /// <summary>The moment of the newest restore point.</summary>
    public DateTimeOffset? NewestPoint { get; init; }
    /// <summary>Whether a passphrase protects the local key file.</summary>
    public bool? HasPassphrase { get; init; }
    /// <summary>Whether a key of Vault protects the local key file.</summary>
    public bool IsSealedByVault { get; init; }
    /// <summary>Whether the passphrase that was given opens it; null where none was given.</summary>
    public bool? PassphraseOpens { get; init; }
}

/// <summary>One look at what the configuration names. Changes nothing, leaves no trace.</summary>
public interface IConfigurationCheck
{
    /// <summary>What it looks at, for progress.</summary>
    string Name { get; }

    /// <summary>What it found: something in any case, be it that all is well.</summary>
    IAsyncEnumerable<ConfigurationFinding> RunAsync(ProbeContext context, CancellationToken cancel);
}

/// <summary>What checks look at.</summary>
/// <param name="Examined">The configuration as it was read, for files and lines.</param>
/// <param name="Host">The host.</param>
/// <param name="Clock">The host's clock.</param>
/// <param name="Facts">What the caller knows.</param>
public sealed record ProbeContext(ExaminedConfiguration Examined, IHostView Host, TimeProvider Clock, ProbeFacts Facts)
{
    /// <summary>The configuration.</summary>
    public StingConfiguration Configuration { get; } = Examined.Require();

    /// <summary>A finding about a setting, with the place where it is set.</summary>
    public ConfigurationFinding Found(FindingSeverity severity, Setting? setting, string problem, string remedy = "")
    {
        var origin = setting is null ? SettingOrigin.Default : Examined.OriginOf(setting);
        return new ConfigurationFinding { Severity = severity, Key = setting?.Key, File = origin.File, Line = origin.Line, Problem = problem, Remedy = remedy };
    }
}

/// <summary>
/// Looks at what a configuration names (<c>Test-StingBackupConfig -Online</c>, <c>sting-backup doctor</c>): source, repository, keys, clock, room, folders.
/// What needs the repository or the keys opened comes in as facts, or as further checks.
/// </summary>
public sealed class ConfigurationProbe
{
    private readonly IReadOnlyList<IConfigurationCheck> _checks;

    /// <summary>Makes a probe of the checks that need nothing opened, and of further ones.</summary>
    public ConfigurationProbe(params IEnumerable<IConfigurationCheck> more) =>
        _checks = [new SourceCheck(), new BackupRootCheck(), new KeyPlacesCheck(), new PassphraseCheck(), new ClockCheck(), new HostFoldersCheck(), new LimitCheck(), .. more];

    /// <summary>Runs every check. One that fails is a finding; the others go on.</summary>
    /// <exception cref="StingException"><c>ConfigurationInvalid</c></exception>
    public async IAsyncEnumerable<ConfigurationFinding> RunAsync(ProbeContext context, [EnumeratorCancellation] CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(context);
        foreach (var check in _checks)
        {
            await using var findings = check.RunAsync(context, cancel).GetAsyncEnumerator(cancel);
            while (true)
            {
                ConfigurationFinding finding;
                var goesOn = true;
                try
                {
                    if (!await findings.MoveNextAsync().ConfigureAwait(false))
                    {
                        break;
                    }
                    finding = findings.Current;
                }
                catch (StingException e)
                {
                    finding = context.Found(FindingSeverity.Error, null, $"{check.Name}: {e.Message}", e.Remedy);
                    goesOn = false;
                }
                yield return finding;
                if (!goesOn)
                {
                    break;
                }
            }
        }
    }
}
