using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Restore.Scratch;
using StingBackup.Engine.Sources;

namespace StingBackup.Engine.Operations.Drills;

/// <summary>
/// Compares what a restore wrote with what should be there: item by item of the catalogue, so that what is missing shows. Content is compared with the reserve's own file where that did not change since,
/// and else with the ids of chunks, computed anew from what was written.
/// </summary>
internal sealed class FileComparison(RestoreContext context, ISubjectReader keys, LiveReserve live, DrillTally tally, Func<string, EntryPath, Id16> tagOf)
{
    public const string ByLive = "files by the reserve's own", ByCatalogue = "files by the catalogue", Others = "folders, links and others";

    public async Task RunAsync(CancellationToken cancel)
    {
        using var worker = new RestoreWorker(context, keys, cancel);
        var standing = new ExistingContent(context, worker);
        await foreach (var (tree, entry) in context.Selection.WalkAsync(context.Repository.Walker, Damaged, cancel).ConfigureAwait(false))
        {
            context.Output.Progress.Add(1, 0);
            Compare(standing, tree, entry, cancel);
        }
    }

    private void Compare(ExistingContent standing, PointTree tree, TreeEntry entry, CancellationToken cancel)
    {
        var (kind, why) = entry.Kind == ItemKind.File && entry.HardLinkTo is null ? OfFile(standing, tree, entry, cancel) : (Others, OfOther(entry));
        tally.Count(kind, 1, why is null ? 1 : 0);
        if (why is not null)
        {
            tally.Differs(kind, tree.Row.Pseudonym, tagOf(tree.Subject, entry.Path), tree.Subject, entry.Path.ToString(), why);
        }
    }

    private (string Kind, string? Why) OfFile(ExistingContent standing, PointTree tree, TreeEntry entry, CancellationToken cancel)
    {
        if (context.Target.Find(entry.Path) is not { } found)
        {
            return (ByCatalogue, "missing");
        }
        if (found.Kind != ItemKind.File)
        {
            return (ByCatalogue, $"a {found.Kind} stands there");
        }
        bool IsByCatalogue() => standing.Compare(tree, entry, found) != Standing.Different;
        if (live.HashOfUnchanged(entry, cancel) is not { } expected)
        {
            return (ByCatalogue, IsByCatalogue() ? null : "its content or time differs");
        }
        using var file = context.Target.OpenExisting(found);
        return (ByLive, LiveReserve.Hash(file, cancel).AsSpan().SequenceEqual(expected) ? null
            : IsByCatalogue() ? "it is what the catalogue holds, and the reserve's own differs, whose length and time say that it did not change" : "its content differs");
    }

    private string? OfOther(TreeEntry entry)
    {
        if (context.Target.Find(entry.Path) is not { } found)
        {
            return entry.Kind == ItemKind.Socket ? null : "missing";
        }
        if (found.Kind != (entry.HardLinkTo is null ? entry.Kind : ItemKind.File))
        {
            return $"a {found.Kind} stands there";
        }
        return entry.Kind == ItemKind.SymbolicLink && !context.Target.ReadMetadata(found).LinkTarget.AsSpan().SequenceEqual(entry.Metadata.LinkTarget) ? "it leads elsewhere"
            : entry.HardLinkTo is { } first && context.Target.Find(first) is { } other && !SameFile(found, other) ? "it is no second name of its file" : null;
    }

    private static bool SameFile(SourceEntry a, SourceEntry b) => a.Stamp.Length == b.Stamp.Length && a.Stamp.Inode == b.Stamp.Inode;

    private void Damaged(PointTree tree, PageDamage damage)
    {
        tally.Count(ByCatalogue, 1, 0);
        tally.Differs(ByCatalogue, tree.Row.Pseudonym, default, tree.Subject, damage.From?.ToString() ?? "", "a part of the catalogue cannot be read");
    }
}
