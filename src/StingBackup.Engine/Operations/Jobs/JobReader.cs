using StingBackup.Engine.Governance;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Operations.Jobs;

/// <summary>Which jobs are wanted.</summary>
public sealed record JobQuery
{
    /// <summary>This one alone, or null.</summary>
    public string? Id { get; init; }
    /// <summary>So many of the newest, running and past; null where only those that run are wanted.</summary>
    public int? Last { get; init; }
    /// <summary>Those that began since then, running and past.</summary>
    public DateTimeOffset? Since { get; init; }
    /// <summary>Those in one of these states, running and past.</summary>
    public IReadOnlyList<HostJobState> States { get; init; } = [];
}

/// <summary>Reads the jobs of this host, whatever process they run in. Changes nothing.</summary>
public static class JobReader
{
    /// <summary>The jobs that are asked for, the oldest first. Without any wish those that run, and those that died since the last job began.</summary>
    /// <exception cref="StingException"><c>JobsUnreadable</c>; <c>JobNotFound</c> for an id that no job has.</exception>
    public static IReadOnlyList<HostJob> List(StingConfiguration configuration, JobQuery query, TimeProvider clock)
    {
        Access.Require(configuration, "Get-StingBackupJob");
        ArgumentNullException.ThrowIfNull(query);
        return List(JobPlace.Of(configuration, clock), query, configuration.TimeZone);
    }

    /// <summary>The same for whoever acts on an installation.</summary>
    /// <inheritdoc cref="List(StingConfiguration, JobQuery, TimeProvider)"/>
    public static IReadOnlyList<HostJob> List(Installation installation, JobQuery query)
    {
        Access.Require(installation, "Get-StingBackupJob");
        ArgumentNullException.ThrowIfNull(query);
        return installation.JobPlace is { } place ? List(place, query, installation.Zone) : [];
    }

    /// <summary>The same, for whoever was asked already.</summary>
    internal static IReadOnlyList<HostJob> List(JobPlace place, JobQuery query, TimeZoneInfo zone)
    {
        // In this order: a job that ends in between is in both, and has ended then.
        var running = JobFolder.Running(place);
        var past = query is { Id: null, Last: null, Since: null, States.Count: 0 } ? [] : JobHistory.Read(place);
        var notes = past.Concat(running).DistinctBy(note => note.Id, StringComparer.Ordinal).OrderBy(note => note.Started).ThenBy(note => note.Id, StringComparer.Ordinal)
            .Where(note => (query.Id is null || note.Id == query.Id) && (query.Since is not { } since || note.Started >= since) && (query.States.Count == 0 || query.States.Contains(note.State))).ToList();
        return query.Id is not null && notes.Count == 0 ? throw NotFound(query.Id) : [.. notes.TakeLast(query.Last ?? int.MaxValue).Select(note => note.ToJob(zone))];
    }

    internal static StingException NotFound(string id) => new("JobNotFound", FailureKind.NotFound, $"No job {id} is known on this host.", id, "Get-StingBackupJob (sting-backup jobs) shows those that run, with -Last 20 (--last=20) those of the past too.");
}
