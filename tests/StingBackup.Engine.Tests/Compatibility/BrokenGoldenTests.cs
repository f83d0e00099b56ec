using StingBackup.Engine.Storage;
using StingBackup.Engine.Tests.Backup;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Compatibility;

/// <summary>
/// The golden repository, broken on purpose: each kind of object in each way. What is wrong is named with a remedy; what it does not hit comes back exactly; what it hits comes back not at all, never
/// wrong; and a repair makes anew what it promises to.
/// </summary>
public sealed class BrokenGoldenTests(GoldenObjects golden) : IClassFixture<GoldenObjects>
{
    private static readonly IntegrityLevel[] Levels = [IntegrityLevel.Structure, IntegrityLevel.Packs, IntegrityLevel.Data];
    /// <summary>Ways that are looked at at each level; the others at the deepest.</summary>
    private static readonly string[] AtEachLevel = ["missing", "cut in the middle", "flipped in the middle", "foreign", "swapped"];

    /// <summary>How an object is broken: its bytes and another one's of its kind → what stands there then, null for nothing.</summary>
    private static readonly Dictionary<string, Func<ReadOnlyMemory<byte>, byte[]?>> Ways = new(StringComparer.Ordinal)
    {
        ["missing"] = _ => null,
        ["empty"] = _ => [],
        ["cut in its header"] = bytes => bytes[..11].ToArray(),
        ["cut in the middle"] = bytes => bytes[..(bytes.Length / 2)].ToArray(),
        ["cut by a byte"] = bytes => bytes[..^1].ToArray(),
        ["a byte longer"] = bytes => [.. bytes.Span, 0],
        ["kind changed"] = bytes => Flipped(bytes, 8),
        ["flipped at the front"] = bytes => Flipped(bytes, 20),
        ["flipped in the middle"] = bytes => Flipped(bytes, bytes.Length / 2),
        ["flipped at the end"] = bytes => Flipped(bytes, bytes.Length - 3),
        ["all zeros"] = bytes => new byte[bytes.Length],
    };

    public static TheoryData<string> Kinds =>
        ["format", "writers", "approvers", "subjects", "ledger", "config", "points", "drops", "sessions", "index", "meta", "data", "gc", "audit", "drills"];

    [LinuxTheory]
    [MemberData(nameof(Kinds))]
    public async Task Each_way_to_break_an_object_is_named_with_a_remedy_and_nothing_wrong_comes_back(string kind)
    {
        foreach (var (way, how) in Ways)
        {
            var name = Victim(kind);
            var objects = golden.Copy();
            if (how(objects[name]) is { } bytes)
            {
                objects[name] = bytes;
            }
            else
            {
                objects.Remove(name);
            }
            await CheckAsync(kind, way, objects, name);
        }
    }

    [LinuxTheory]
    [MemberData(nameof(Kinds))]
    public async Task One_under_anothers_name_and_one_of_another_reserve_is_named(string kind)
    {
        using var other = GoldenSite.Copy("format-1-hybrid");
        var strangers = GoldenObjects.Read(other);
        var names = golden.Objects.Keys.Where(n => n.StartsWith(kind + "/", StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToList();
        var foreign = golden.Copy();
        foreign[names[^1]] = strangers.First(o => o.Key.StartsWith(kind + "/", StringComparison.Ordinal)).Value;
        await CheckAsync(kind, "foreign", foreign, names[^1]);
        if (names.Count > 1 && kind != "format")
        {
            var swapped = golden.Copy();
            (swapped[names[0]], swapped[names[^1]]) = (swapped[names[^1]], swapped[names[0]]);
            await CheckAsync(kind, "swapped", swapped, names[0], names[^1]);
        }
    }

    [LinuxTheory]
    [MemberData(nameof(Kinds))]
    public async Task One_that_the_disk_does_not_give_is_named(string kind)
    {
        var name = Victim(kind);
        var store = new FaultyStore(new MemoryObjectStore(golden.Objects))
        {
            Before = (verb, read) =>
            {
                if (verb == "read" && read == name)
                {
                    throw new StingException("StoreFailed", FailureKind.Io, $"Could not read '{read}': input/output error.", read, "Check the disk.");
                }
            },
        };
        if (kind == "ledger")
        {
            // Who was erased is not known for certain: nothing is opened, and the object is named.
            var refused = await Assert.ThrowsAsync<StingException>(() => golden.VerifyAsync(store, IntegrityLevel.Data));
            Assert.Equal(("StoreFailed", name), (refused.ErrorId, refused.Target));
            return;
        }
        var result = await golden.VerifyAsync(store, IntegrityLevel.Data);
        Assert.Equal($"{kind}: {string.Join(", ", Expected(kind, "unreadable", IntegrityLevel.Data, name))}", $"{kind}: {string.Join(", ", result.Faults.Select(f => f.Object))}");
        await CheckRestoreAsync($"{kind} unreadable", store);
    }

    /// <summary>What a repair promises to make anew or to take away; nothing of what the golden repository holds is lost by it.</summary>
    [LinuxTheory]
    [InlineData("format")]
    [InlineData("writers")]
    [InlineData("approvers")]
    [InlineData("subjects")]
    [InlineData("ledger")]
    [InlineData("index")]
    [InlineData("drops")]
    [InlineData("gc")]
    [InlineData("sessions")]
    public async Task What_a_repair_makes_anew_is_whole_again(string kind)
    {
        foreach (var way in (string[])["missing", "flipped in the middle", "cut in the middle"])
        {
            var name = Victim(kind);
            var objects = golden.Copy();
            if (Ways[way](objects[name]) is { } bytes)
            {
                objects[name] = bytes;
            }
            else
            {
                objects.Remove(name);
            }
            var store = new MemoryObjectStore(objects);
            var repaired = await golden.RepairAsync(store);
            Assert.Equal((kind, way, ""), (kind, way, string.Join(", ", repaired.Faults.Select(f => $"{f.Object}: {f.Problem}"))));
            Assert.Empty((await golden.VerifyAsync(store, IntegrityLevel.Data)).Faults);
            var (content, errors) = await golden.RestoreAsync(store);
            Assert.Empty(errors);
            Assert.Equal(golden.Content, content);
        }
    }

    private async Task CheckAsync(string kind, string way, Dictionary<string, ReadOnlyMemory<byte>> objects, params string[] names)
    {
        foreach (var level in Levels.Where(level => level == IntegrityLevel.Data || AtEachLevel.Contains(way)))
        {
            var result = await golden.VerifyAsync(new MemoryObjectStore(objects), level);
            var found = result.Faults.Select(f => f.Object).ToArray();
            // Without reading packs only what is wrong with their length, header and footer can be seen.
            var expected = level == IntegrityLevel.Structure && (kind is "meta" or "data") && way is "flipped in the middle" && found.Length == 0 ? [] : Expected(kind, way, level, names);
            Assert.Equal($"{kind} {way}, {level}: {string.Join(", ", expected)}", $"{kind} {way}, {level}: {string.Join(", ", found)}");
            Assert.All(result.Faults, fault =>
            {
                Assert.NotEmpty(fault.Problem);
                Assert.NotEmpty(fault.Remedy);
                Assert.DoesNotContain("no part of this repository", fault.Remedy, StringComparison.Ordinal);
            });
        }
        await CheckRestoreAsync($"{kind} {way}", new MemoryObjectStore(objects));
    }

    /// <summary>What comes back is as it was, and what does not is named or refused.</summary>
    private async Task CheckRestoreAsync(string what, IObjectStore store)
    {
        try
        {
            var (content, errors) = await golden.RestoreAsync(store);
            foreach (var (path, item) in content)
            {
                // Folders of lost items are made anyhow: their attributes may be lost with the tree that has them.
                Assert.True(golden.Content.GetValueOrDefault(path) == item || item.StartsWith("Directory", StringComparison.Ordinal), $"{what}: {path} came back as {item}, not {golden.Content.GetValueOrDefault(path)}");
            }
            var lost = golden.Content.Keys.Except(content.Keys).ToList();
            Assert.True(lost.Count == 0 || errors.Count > 0, $"{what}: {string.Join(", ", lost)} did not come back, and nobody was told.");
            Assert.All(errors, e => Assert.NotEmpty(e.Remedy));
        }
        catch (StingException refused)
        {
            Assert.Contains(refused.ErrorId, (string[])["PointDamaged", "BackupNotFound", "LedgerDamaged", "StoreFailed"]);
            Assert.NotEmpty(refused.Remedy);
        }
    }

    /// <summary>The object that is broken: of points the last but one of the host, since the last one's loss looks like a run in progress.</summary>
    private string Victim(string kind)
    {
        var names = golden.Objects.Keys.Where(n => n.StartsWith(kind + "/", StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToList();
        Assert.NotEmpty(names);
        return kind switch
        {
            "points" => names.Where(n => n.Contains(golden.Keys.WriterId.ToString(), StringComparison.Ordinal)).SkipLast(1).Last(),
            _ => names[^1],
        };
    }

    /// <summary>What a verification names: mostly the object itself.</summary>
    private static string[] Expected(string kind, string way, IntegrityLevel level, params string[] names) => (kind, way) switch
    {
        // A session serves no purpose once its run has a point; a drop or a mark that is not there lets nothing go; a configuration's copy that is gone nobody missed, and the next run writes it.
        ("sessions" or "drops" or "gc" or "config", "missing") => [],
        // The name of a fragment is the hash of what is lost; that of a claim takes the directory key.
        ("index", "missing") => ["index/"],
        ("subjects", "missing") when level != IntegrityLevel.Data => ["subjects/"],
        _ => names,
    };

    private static byte[] Flipped(ReadOnlyMemory<byte> bytes, int at)
    {
        var copy = bytes.ToArray();
        copy[at] ^= 0x55;
        return copy;
    }
}
