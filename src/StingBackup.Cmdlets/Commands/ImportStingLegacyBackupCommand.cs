using System.Globalization;
using System.Management.Automation;
using System.Security;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Legacy;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Makes restore points of the archives that STING's own script wrote, with the dates that they have.</summary>
[Cmdlet(VerbsData.Import, "StingLegacyBackup", SupportsShouldProcess = true, DefaultParameterSetName = ByPattern)]
[OutputType(typeof(LegacyImportResult), typeof(LegacyImportPlan))]
public sealed class ImportStingLegacyBackupCommand : InstallationCmdlet
{
    private const string ByPattern = "Path", ByName = "LiteralPath";
    private const int ActivityId = 1_846_290_117;

    private readonly List<string> _files = [];

    /// <summary>Archives, or folders of archives.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = ByPattern, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true,
        HelpMessage = "Archives (sting_backup_*.tar.gz, with .enc where encrypted), or folders that hold them")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>The same, taken as they are.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ByName, ValueFromPipelineByPropertyName = true, HelpMessage = "Archives, or folders that hold them; no character is a wildcard")]
    [Alias("PSPath", "FullName")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>Opens encrypted archives.</summary>
    [Parameter(HelpMessage = "The key of encrypted archives: what manage_sting.sh backup --export-key writes last, one line")]
    public SecureString? ArchivePassphrase { get; set; }

    /// <summary>Runs in the background.</summary>
    [Parameter(HelpMessage = "Run in the background, and output the job")]
    public SwitchParameter AsJob { get; set; }

    private protected override void Execute()
    {
        var inputs = ParameterSetName == ByName ? LiteralPath : Path;
        foreach (var input in inputs)
        {
            try
            {
                _files.AddRange((ParameterSetName == ByName ? [Resolve(input)] : Expand(input).AsEnumerable()).SelectMany(FilesAt));
            }
            catch (StingException e) when (inputs.Length > 1)
            {
                WriteError(Errors.ToRecord(e));
            }
        }
    }

    private protected override void End()
    {
        if (_files.Count == 0)
        {
            return;   // each input has had its error
        }
        using var passphrase = Engine.Installation.ToSecret(ArchivePassphrase);
        var planner = Look(passphrase);
        var plan = planner.Plan;
        if (plan.Archives.Count == 1 && planner.Failures is [var only])
        {
            throw only;
        }
        foreach (var failure in planner.Failures)
        {
            WriteError(Errors.ToRecord(failure));
        }
        if (plan.Archives.All(a => a.State == LegacyArchiveState.Refused))
        {
            return;
        }
        if (Ask(Put(plan), force: false))
        {
            var secret = passphrase is null ? null : SecretBytes.CopyOf(passphrase.Span);   // the job wipes its own
            RunJob((installation, cancel) => LegacyImportJob.RunAsync(installation, plan, secret, cancel), AsJob, passThru: false);
        }
    }

    private LegacyImportPlanner Look(SecretBytes? passphrase)
    {
        var planner = Wait(LegacyImportPlanner.BeginAsync(Installation, Cancel));
        for (var i = 0; i < _files.Count; i++)
        {
            WriteProgress(new ProgressRecord(ActivityId, "Looking at old archives", _files[i]) { PercentComplete = 100 * i / _files.Count });
            WriteVerbose($"Reads {_files[i]}.");
            planner.Add(_files[i], passphrase, Cancel);
        }
        WriteProgress(new ProgressRecord(ActivityId, "Looking at old archives", " ") { RecordType = ProgressRecordType.Completed });
        return planner;
    }

    private System.Collections.ObjectModel.Collection<string> Expand(string pattern)
    {
        try
        {
            return GetResolvedProviderPathFromPSPath(pattern, out _) is { Count: > 0 } found ? found : throw LegacyImportPlanner.NotFound(Resolve(pattern));
        }
        catch (ItemNotFoundException e)
        {
            throw LegacyImportPlanner.NotFound(Resolve(pattern), e);
        }
    }

    /// <summary>What sha256sum wrote beside an archive is read with it.</summary>
    private static IReadOnlyList<string> FilesAt(string path) =>
        Directory.Exists(path) ? LegacyImportPlanner.ArchivesIn(path) : path.EndsWith(".checksum", StringComparison.Ordinal) ? [] : [path];

    private static Question Put(LegacyImportPlan plan)
    {
        var details = plan.Archives.Where(a => a.State != LegacyArchiveState.Refused).SelectMany(a => new[]
        {
            a.State == LegacyArchiveState.AlreadyImported ? $"{a.Name}: imported already{(a.BackupId is null ? "" : $" as {a.BackupId}")}"
                : string.Create(CultureInfo.InvariantCulture, $"{a.Name}: {a.Time:yyyy-MM-dd HH:mm:ss zzz}, {a.Items:N0} items, {Display.Length(a.Length)}: {string.Join(", ", a.Classes)}"),
        }.Concat(a.State == LegacyArchiveState.Importable ? a.Lacks.Select(l => $"  lacks {l}").Concat(a.Notes.Select(n => $"  note: {n}")) : []));
        var count = plan.Importable;
        var statement = count == 0 ? $"Import nothing into {plan.Repository}: it has restore points of all that was given"
            : string.Create(CultureInfo.InvariantCulture, $"Import {count} old archive{(count == 1 ? "" : "s")} ({Display.Length(plan.Length)}) into {plan.Repository}");
        return new Question("Import", statement, [.. details], plan, Destroys: false);
    }
}
