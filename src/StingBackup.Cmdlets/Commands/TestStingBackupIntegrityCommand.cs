using System.Management.Automation;
using System.Security;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Cmdlets.Completers;
using StingBackup.Engine;
using StingBackup.Engine.Integrity;
using StingBackup.Engine.Operations.Verification;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Verifies the repository. Each fault is an error that names the object, and the files and subjects that it hits; the result comes last.</summary>
[Cmdlet(VerbsDiagnostic.Test, "StingBackupIntegrity")]
[OutputType(typeof(IntegrityResult))]
public sealed class TestStingBackupIntegrityCommand : InstallationCmdlet
{
    /// <summary>How deep.</summary>
    [Parameter(Position = 0, HelpMessage = "Structure: signatures; Packs: every byte; Data: decrypt everything; References: files that rows name")]
    [PSDefaultValue(Help = "Structure")]
    public IntegrityLevel Level { get; set; } = IntegrityLevel.Structure;

    /// <summary>Limits it to the points that a restore to this day would use.</summary>
    [Parameter(HelpMessage = "Only what a restore to this day or moment would use: 2024-01-15, \"2024-01-15 14:30\", latest")]
    [ValidateNotNullOrEmpty]
    public string? Date { get; set; }

    /// <summary>Limits it to one run.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "Only the restore points of this run, such as backup_20240115_020000")]
    [ArgumentCompleter(typeof(BackupIdCompleter))]
    [ValidateNotNullOrEmpty]
    public string? BackupId { get; set; }

    /// <summary>Reads a share of the packs.</summary>
    [Parameter(HelpMessage = "Read only this share of the packs, in percent, chosen at random")]
    [PSDefaultValue(Help = "100")]
    public double SamplePercent { get; set; } = 100;

    /// <summary>Takes the same sample again.</summary>
    [Parameter(HelpMessage = "The number of a sample, as an earlier verification told it: takes the same packs again")]
    [ValidateRange(0, int.MaxValue)]
    public int? SampleSeed { get; set; }

    /// <summary>Which tier.</summary>
    [Parameter(HelpMessage = "The tier whose repository is verified: Local, Remote or Archive")]
    [PSDefaultValue(Help = "Local")]
    public Tier Tier { get; set; } = Tier.Local;

    /// <summary>Leaves out packs that were read lately.</summary>
    [Parameter(HelpMessage = "Read only packs that were not read whole at this level for so long: 30d, 12h")]
    [ValidateNotNullOrEmpty]
    public string? OlderThan { get; set; }

    /// <summary>Stops in time.</summary>
    [Parameter(HelpMessage = "Begin no further pack after so long: 10m, 2h. What waits longest comes first")]
    [ValidateNotNullOrEmpty]
    public string? MaxDuration { get; set; }

    /// <summary>Opens the key file.</summary>
    [Parameter(HelpMessage = "The passphrase of the key file, for the levels Data and References; without it you are asked")]
    public SecureString? Passphrase { get; set; }

    /// <summary>Runs in the background.</summary>
    [Parameter(HelpMessage = "Run in the background, and output the job")]
    public SwitchParameter AsJob { get; set; }

    private protected override SecureString? GivenPassphrase => Passphrase;

    private protected override void Execute()
    {
        TimeSpan? age = OlderThan is null ? null : CheckLimits.ParseSpan(OlderThan), most = MaxDuration is null ? null : CheckLimits.ParseSpan(MaxDuration);
        if (AsJob && Level >= IntegrityLevel.Data)
        {
            // Here somebody can still be asked for the passphrase.
            Wait(Installation.UnlockAsync(Cancel));
        }
        var request = new VerifyRequest { Level = Level, Date = Date, BackupId = BackupId, SamplePercent = SamplePercent, SampleSeed = SampleSeed, Tier = Tier, OlderThan = age, MaxDuration = most };
        RunJob((installation, cancel) => VerifyJob.RunAsync(installation, request, cancel).Select(Errors.FaultAsFailure), AsJob, passThru: false);
    }
}
