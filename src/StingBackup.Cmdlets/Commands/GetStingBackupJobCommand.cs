using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Cmdlets.Completers;
using StingBackup.Engine.Operations.Jobs;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Shows the jobs of this host that run, in whatever process, and those of the past.</summary>
[Cmdlet(VerbsCommon.Get, "StingBackupJob")]
[OutputType(typeof(HostJob))]
public sealed class GetStingBackupJobCommand : ConfiguredCmdlet
{
    /// <summary>One of them.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true, HelpMessage = "Only the job of this id, running or past")]
    [ArgumentCompleter(typeof(JobCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Id { get; set; }

    /// <summary>The newest.</summary>
    [Parameter(HelpMessage = "So many of the newest, those of the past too")]
    [ValidateRange(1, 100000)]
    public int? Last { get; set; }

    /// <summary>Since when.</summary>
    [Parameter(HelpMessage = "Those that began since this day or moment, those of the past too: 2024-01-15, or 2024-01-15T02:00:00")]
    [ValidateNotNullOrEmpty]
    public string? Since { get; set; }

    /// <summary>In which states.</summary>
    [Parameter(HelpMessage = "Only jobs in these states, those of the past too: Running, Completed, Failed, Died and others")]
    public HostJobState[]? State { get; set; }

    private protected override void Execute()
    {
        var configuration = Examine().Require();
        foreach (var job in JobReader.List(configuration, new JobQuery { Id = Id, Last = Last, Since = PointRange.First(Since, configuration.TimeZone), States = State ?? [] }, TimeProvider.System))
        {
            WriteObject(job);
        }
    }
}
