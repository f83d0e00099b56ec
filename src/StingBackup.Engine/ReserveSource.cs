using StingBackup.Engine.Basics;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Sources;
using StingBackup.Engine.Targets;

namespace StingBackup.Engine;

/// <summary>When in a run a source is read.</summary>
public enum CaptureStage
{
    /// <summary>First: files and secrets.</summary>
    Content,
    /// <summary>Then the databases, so that whatever their rows name was there to be read before them.</summary>
    Databases,
    /// <summary>Last: files that rows of the databases name and that came only while the others were read.</summary>
    Latecomers,
}

/// <summary>One source of the reserve: where its tree stands among the reserve's paths, whom its items belong to, and how it is opened.</summary>
internal sealed record ReserveSource
{
    /// <summary>What it is, for people: <c>the reserve's folder</c>, <c>Vault</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Where it is, for people; no secret.</summary>
    public required string Location { get; init; }

    /// <summary>The folder that it is, where it is a plain one; null for what is read otherwise.</summary>
    public string? Folder { get; init; }

    /// <summary>The path that its tree's root has in the reserve.</summary>
    public required EntryPath Mount { get; init; }

    /// <summary>When it is read.</summary>
    public CaptureStage Stage { get; init; } = CaptureStage.Content;

    /// <summary>The classes that its items can be of. When it fails as a whole, they get no restore point from this run.</summary>
    public required IReadOnlySet<DataClass> Classes { get; init; }

    /// <summary>The types of runs that read it; null for all.</summary>
    public IReadOnlySet<BackupType>? Types { get; init; }

    /// <summary>Told when a run that read it has committed: the run's name and what it holds. What it throws would be told as the run's own failure, so it throws nothing.</summary>
    public Action<string, IReadOnlyList<PointClass>, JobOutput>? Committed { get; init; }

    /// <summary>Where an item belongs; the path is within the source.</summary>
    public required Func<EntryPath, ItemKind, Placement> Place { get; init; }

    /// <summary>Opens it for one run.</summary>
    public required Func<JobOutput, CancellationToken, ValueTask<ISourceTree>> OpenAsync { get; init; }

    /// <summary>
    /// Begins, when a run begins, what opening will need and what may be as old as the run; gives how it is then opened. Null: there is nothing to begin. What fails of it fails when the source is opened.
    /// </summary>
    public Func<CancellationToken, Func<JobOutput, CancellationToken, ValueTask<ISourceTree>>>? Begin { get; init; }

    /// <summary>Opens what a restore to the original place writes to.</summary>
    public required Func<RestorePlan, JobOutput, CancellationToken, IRestoreTarget> OpenTarget { get; init; }

    /// <summary>An item's path in the source, from that in the reserve.</summary>
    public EntryPath InSource(EntryPath path) => path.RelativeTo(Mount);

    /// <summary>Whether a run reads it.</summary>
    public bool IsReadBy(BackupType type, IEnumerable<DataClass> classes) => Classes.Overlaps(classes) && Types?.Contains(type) != false;

    /// <summary>An item's path in the reserve.</summary>
    public EntryPath InReserve(EntryPath path) => path.Under(Mount);
}
