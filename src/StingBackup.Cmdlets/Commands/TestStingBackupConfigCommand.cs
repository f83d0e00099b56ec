using System.Management.Automation;
using System.Security;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine;
using StingBackup.Engine.Lifecycle;
using StingBackup.Engine.Lifecycle.Forecast;
using StingBackup.Engine.Operations;
using StingBackup.Engine.Operations.Checks;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Everything that is wrong, weak or worth knowing about the configuration, and with -Online about what it names.</summary>
[Cmdlet(VerbsDiagnostic.Test, "StingBackupConfig")]
[OutputType(typeof(ConfigurationFinding))]
public sealed class TestStingBackupConfigCommand : ConfiguredCmdlet
{
    /// <summary>Tries what the configuration names.</summary>
    [Parameter(HelpMessage = "Try source, repository, keys, clock and room too; nothing is changed")]
    public SwitchParameter Online { get; set; }

    /// <summary>Tries whether it opens the key file.</summary>
    [Parameter(HelpMessage = "With -Online: try whether this passphrase opens the key file; nobody is asked")]
    public SecureString? Passphrase { get; set; }

    private protected override void Execute()
    {
        var examined = Examine();
        var findings = new List<ConfigurationFinding>(examined.Findings);
        if (Online && examined.Configuration is not null)
        {
            var facts = Gather(examined, findings);
            var probe = new ConfigurationProbe(new VaultCheck(), new PostgresCheck(), new ChromaCheck(), new BucketCheck());
            findings.AddRange(Wait(probe.RunAsync(new ProbeContext(examined, HostView, TimeProvider.System, facts), Cancel).ToListAsync(Cancel)));
        }
        if (examined.SingleAdministrator is { } single)
        {
            findings.Add(single);
        }
        // What weighs most comes first; what weighs alike in the order in which it was found.
        WriteObject(findings.OrderByDescending(f => f.Severity), enumerateCollection: true);
    }

    /// <summary>What only an open repository tells; what keeps it shut is a finding like others.</summary>
    private ProbeFacts Gather(ExaminedConfiguration examined, List<ConfigurationFinding> findings)
    {
        var facts = new ProbeFacts();
        try
        {
            var prompt = new PassphrasePrompt(ui: null, Passphrase);
            var installation = Wait(Installation.OpenAsync(examined, new InstallationOptions { Passphrase = prompt.AskAsync }, Cancel));
            try
            {
                var status = Wait(StatusReader.ReadAsync(installation, Cancel));
                findings.AddRange(status.Damage.Select(f => new ConfigurationFinding
                {
                    Severity = FindingSeverity.Error, Key = null, File = null, Line = 0, Problem = $"'{f.Object}' in the repository is damaged: {f.Problem}.",
                    Remedy = "Run Test-StingBackupIntegrity (sting-backup verify) to see what that hits, and Repair-StingRepository for what can be mended.",
                }));
                if (KeyEscrowJob.WarningOf(status.Escrow) is { } escrow)
                {
                    findings.Add(new ConfigurationFinding { Severity = FindingSeverity.Warning, Key = null, File = null, Line = 0, Problem = escrow, Remedy = "Export-StingKeyEscrow -OutputPath FOLDER (sting-backup escrow --output-path=FOLDER)" });
                }
                findings.AddRange(Wait(SpareOutlook.LookAsync(installation, Cancel)));
                findings.AddRange(Wait(ForecastJob.CheckAsync(installation, Cancel)));
                findings.AddRange(KeyAges.OverdueKinds(installation.Keys, installation.Configuration!.Keys.RotateDays, installation.Clock.GetUtcNow()).Select(key => new ConfigurationFinding
                {
                    Severity = FindingSeverity.Warning, Key = null, File = null, Line = 0, Problem = key.Problem, Remedy = key.Remedy,
                }));
                facts = facts with
                {
                    NewestPoint = status.Classes.Count == 0 ? null : status.Classes.Max(c => c.Time),
                    HasPassphrase = status.KeyProtection switch { KeyProtection.Passphrase => true, KeyProtection.Open => false, _ => null },
                    IsSealedByVault = status.KeyProtection == KeyProtection.KeyVault,
                };
                return Passphrase is null || facts.HasPassphrase != true ? facts : facts with { PassphraseOpens = Opens(installation) };
            }
            finally
            {
                Wait(installation.DisposeAsync());
            }
        }
        catch (StingException e)
        {
            findings.Add(new ConfigurationFinding { Severity = FindingSeverity.Error, Key = null, File = null, Line = 0, Problem = e.Message, Remedy = e.Remedy });
            return facts;
        }
    }

    private bool Opens(Installation installation)
    {
        try
        {
            Wait(installation.UnlockAsync(Cancel));
            return true;
        }
        catch (StingException e) when (e.ErrorId == "WrongPassphrase")
        {
            return false;
        }
    }
}
