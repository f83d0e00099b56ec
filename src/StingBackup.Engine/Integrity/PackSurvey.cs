using System.Collections.Concurrent;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Integrity;

/// <summary>What a repair knows of one pack.</summary>
internal sealed class PackFinding(PackInfo pack)
{
    public PackInfo Pack => pack;

    /// <summary>Its bytes give its name, and its footer makes sense.</summary>
    public bool IsWhole { get; set; }

    /// <summary>Whole, and the index says of it what its footer says.</summary>
    public bool Agrees { get; set; }

    /// <summary>It lies on a further tier alone, as it may: what the index says of it stands.</summary>
    public bool IsElsewhere { get; init; }

    /// <summary>Where its chunks are: from the footer of a whole pack, else from the index, else from what is left of the footer. Null when nothing tells, or nothing needs to.</summary>
    public PackTables? Tables { get; set; }

    /// <summary>What opening its chunks told, or null when they were not opened.</summary>
    public ChunkTest? Test { get; set; }
}

/// <summary>Chunks of one pack, opened one by one.</summary>
/// <param name="Good">Open, and give their ids.</param>
/// <param name="Locked">Of subjects whose key is not at hand.</param>
/// <param name="Bad">Do not open.</param>
internal sealed record ChunkTest(IReadOnlyList<ChunkEntry> Good, IReadOnlyList<ChunkEntry> Locked, IReadOnlyList<ChunkEntry> Bad);

/// <summary>Reads every pack and compares it with its name and with the index; what the index does not have right is opened chunk by chunk where keys are at hand, unless the pack is damaged.</summary>
internal sealed class PackSurvey(WholePacks packs, Id16 reserve, RepositoryIndex index, PackRows rows, ChunkReader? opener, FaultBook found)
{
    private readonly ConcurrentDictionary<Id32, PackFinding> _findings = new();

    /// <summary>What is known, by pack.</summary>
    public IReadOnlyDictionary<Id32, PackFinding> Findings => _findings;

    /// <summary>Packs read.</summary>
    public long Packs => packs.Count;

    /// <summary>Reads packs.</summary>
    public ValueTask RunAsync(IReadOnlyList<PackInfo> wanted, CancellationToken cancel) => packs.ReadAsync(wanted, (pack, content) =>
    {
        var finding = _findings[pack.Id] = new PackFinding(pack);
        var footer = ReadWhole(pack, content);
        finding.IsWhole = footer is not null;
        finding.Agrees = footer is not null && rows.Knows(pack.Id) && rows.Agree(footer, index);
        if (!finding.Agrees)
        {
            finding.Tables = footer ?? (rows.Knows(pack.Id) ? rows.TablesOf(pack.Id, index) : ReadRest(pack, content));
            if (finding.IsWhole)
            {
                Open(finding, content.Span);
            }
        }
    }, pack => _findings[pack.Id] = new PackFinding(pack) { Tables = rows.Knows(pack.Id) ? rows.TablesOf(pack.Id, index) : null }, cancel);

    /// <summary>Takes packs that the index names and the store lacks: what the index says of them is all that is known.</summary>
    public void AddMissing(IEnumerable<PackInfo> missing)
    {
        foreach (var pack in missing)
        {
            found.Add(pack.Name, "it is missing");
            _findings[pack.Id] = new PackFinding(pack) { Tables = rows.TablesOf(pack.Id, index) };
        }
    }

    /// <summary>Takes packs that a further tier holds and this one no longer needs to.</summary>
    public void AddElsewhere(IEnumerable<PackInfo> elsewhere)
    {
        foreach (var pack in elsewhere)
        {
            _findings[pack.Id] = new PackFinding(pack) { IsWhole = true, Agrees = true, IsElsewhere = true };
        }
    }

    /// <summary>Opens the chunks of packs that agree with the index, which a fragment must say anew.</summary>
    public ValueTask OpenAsync(IReadOnlyList<PackInfo> wanted, CancellationToken cancel) =>
        packs.ReadAsync(wanted, (pack, content) => Open(_findings[pack.Id], content.Span), static _ => { }, cancel);

    private PackTables? ReadWhole(PackInfo pack, ReadOnlyMemory<byte> content)
    {
        try
        {
            return PackReader.ReadTables(pack, content, reserve);
        }
        catch (StingException e) when (ObjectDamage.IsOfOneObject(e))
        {
            found.Add(pack.Name, e);
            return null;
        }
    }

    private PackTables? ReadRest(PackInfo pack, ReadOnlyMemory<byte> content)
    {
        try
        {
            return PackReader.ReadFooter(pack, content, reserve);
        }
        catch (StingException e) when (ObjectDamage.IsOfOneObject(e))
        {
            return null;
        }
    }

    private void Open(PackFinding finding, ReadOnlySpan<byte> content)
    {
        if (opener is null || finding.Tables is not { } tables)
        {
            return;
        }
        List<ChunkEntry> good = [], locked = [], bad = [];
        foreach (var entry in tables.Entries)
        {
            try
            {
                opener.OpenIn(content, new ChunkPlace(tables.Segments[entry.Segment], entry)).Dispose();
                good.Add(entry);
            }
            catch (StingException e) when (e.ErrorId is "SubjectKeyMissing" or "KeyRecordDamaged")
            {
                locked.Add(entry);
            }
            catch (StingException e) when (ObjectDamage.IsOfOneObject(e))
            {
                bad.Add(entry);
            }
        }
        finding.Test = new ChunkTest(good, locked, bad);
    }
}
