using System.Collections.Immutable;
using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Tests.World;

/// <summary>The model: what each committed point holds, who is erased, who is held. And what must be so after each step, of what the step touched.</summary>
internal sealed partial class SimulatedWorld
{
    private readonly Dictionary<(Id16 Writer, long Sequence), Committed> _committed = [];
    private readonly Dictionary<string, (string Who, long Since)> _holds = new(StringComparer.Ordinal);
    /// <summary>Who is to be erased, under which pseudonyms: until that is done both may be true.</summary>
    private readonly Dictionary<Id16, string> _doomed = [];
    /// <summary>Requests for erasures that are being made, and those of which nobody was told whether they were: their host crashed or got no answer.</summary>
    private readonly Dictionary<RunningVerb, (string Who, IReadOnlyList<string> Pseudonyms)> _asking = [];
    private readonly HashSet<string> _erased = new(StringComparer.Ordinal);
    private readonly HashSet<Id16> _erasedPseudonyms = [];
    private readonly Dictionary<Id16, (long Sequence, Id32 Hash)> _points = [], _audits = [];
    private readonly Dictionary<string, Id32> _firstBytes = new(StringComparer.Ordinal);
    private bool _isDamaging;
    /// <summary>Whether the last sync has ended well: what it has copied in between need not be of use by itself.</summary>
    private bool _isSynced = true;

    /// <summary>What a run read.</summary>
    /// <param name="Since">The step at which its point came.</param>
    private sealed record Committed(ImmutableSortedDictionary<string, SimulatedFile> Files, IReadOnlySet<string> Unreadable, long Since)
    {
        public bool Holds(string who) => Files.Keys.Any(path => SubjectOf(path) == who && !Unreadable.Contains(path));
    }

    /// <summary>An object came or went: the model learns of what is committed by it.</summary>
    private void Changed(SimulatedTier tier, string name, ReadOnlyMemory<byte>? bytes)
    {
        var wasDamaged = _damaged.Count > 0;
        var kind = ObjectKinds.Of(name);
        _touched.Add((tier.Tier, kind));
        _order.TryAdd(name, _order.Count);
        if (bytes is not { } came)
        {
            if (kind is ObjectKind.Point or ObjectKind.Drop or ObjectKind.Ledger or ObjectKind.Audit && !wasDamaged && !_isDamaging)
            {
                throw new ModelViolation($"'{name}' was deleted from the {tier.Tier} tier: nothing may do that");
            }
            if (!_isDamaging)
            {
                Count(Looked, $"{kind} objects freed on the {tier.Tier} tier");
            }
            if (tier.Tier == Tier.Local && (kind == ObjectKind.Format || (kind == ObjectKind.Claim && IsRenewing)))
            {
                _replaced[name] = long.MaxValue;
            }
            Book.Went(tier.Tier, name);
            return;
        }
        if (tier.Tier == Tier.Local && _replaced.ContainsKey(name))
        {
            _replaced[name] = Steps;
        }
        if (kind is ObjectKind.Point or ObjectKind.Drop or ObjectKind.Ledger or ObjectKind.Audit && _firstBytes.TryAdd(name, PointRecord.HashOf(came.Span)) is false && _firstBytes[name] != PointRecord.HashOf(came.Span))
        {
            throw new ModelViolation($"'{name}' came to the {tier.Tier} tier with other bytes than it was committed with");
        }
        _damaged.Remove((tier.Tier, name));   // what is deleted to be healed is damaged until it is there again
        try
        {
            Book.Came(tier.Tier, name, came);
        }
        catch (StingException e)
        {
            throw new ModelViolation($"'{name}' came to the {tier.Tier} tier and is not whole: {e.Message}");
        }
        if (tier.Tier != Tier.Local)
        {
            Count(Looked, $"{kind} objects that came to the {tier.Tier} tier");
            return;
        }
        switch (kind)
        {
            case ObjectKind.Point: Commit(name, came); break;
            case ObjectKind.Claim: _firstClaimAt = Math.Min(_firstClaimAt, Steps); break;
            case ObjectKind.Audit: Follow(_audits, name, AuditRecordOf(name, came).Previous, came); break;
            case ObjectKind.Drop: LetGo(DropRecord.Read(name, came, _template.Reserve, _template.Enrolled)); break;
            case ObjectKind.Ledger:
                _erasedAt = Steps;
                Book.Erased.Add(LedgerEntry.Read(name, came, _template.Reserve, _template.KeyRole.Span).Pseudonym);
                break;
        }
    }

    private AuditRecord AuditRecordOf(string name, ReadOnlyMemory<byte> bytes) => AuditRecord.Read(name, bytes, _template.Reserve, _template.Enrolled.SigningKeyOf);

    /// <summary>A point is there: from now on it must restore exactly what its run read.</summary>
    private void Commit(string name, ReadOnlyMemory<byte> bytes)
    {
        var point = PointRecord.Read(name, bytes, _template.Reserve, _template.Enrolled.SigningKeyOf);
        if (_committed.ContainsKey((point.Writer, point.Sequence)) || (_points.TryGetValue(point.Writer, out var known) && known.Sequence >= point.Sequence))
        {
            return;   // healed
        }
        Follow(_points, name, point.Previous, bytes);
        if (!point.IsVoid)
        {
            var host = Hosts.Single(h => _template.Writers[h.Number] == point.Writer);
            _committed[(point.Writer, point.Sequence)] = new Committed(host.Running!.Reserve, host.Running.Unreadable, Steps);
            Count(Looked, "points committed");
        }
        else
        {
            Count(Looked, "void points");
        }
    }

    /// <summary>Chains have no gap and no fork.</summary>
    private void Follow(Dictionary<Id16, (long Sequence, Id32 Hash)> heads, string name, Id32 previous, ReadOnlyMemory<byte> bytes)
    {
        var (writer, sequence) = ObjectKinds.RunIn(name);
        var head = heads.GetValueOrDefault(writer);
        if (sequence <= head.Sequence)
        {
            return;   // healed
        }
        if (sequence != head.Sequence + 1 || previous != head.Hash)
        {
            throw new ModelViolation($"'{name}' does not follow number {head.Sequence} of its chain: {(sequence == head.Sequence + 1 ? "it names another one before it" : "numbers are missing")}");
        }
        Count(Looked, ReferenceEquals(heads, _audits) ? "audit records that follow" : "points that follow");
        heads[writer] = (sequence, PointRecord.HashOf(bytes.Span));
    }

    /// <summary>Nothing that is held goes, nothing whose days are not over, and of each class the newest stays.</summary>
    private void LetGo(DropRecord drop)
    {
        var sweeper = Hosts.SingleOrDefault(h => _template.Writers[h.Number] == drop.Writer)?.Running;
        foreach (var part in drop.Parts)
        {
            var of = $"{part.Class} of {part.Writer} {part.Sequence}";
            if (!_committed.TryGetValue((part.Writer, part.Sequence), out var committed))
            {
                throw new ModelViolation($"{of} was let go and never committed");
            }
            foreach (var (id, (who, since)) in _holds)
            {
                if (part.Class == DataClass.UserFiles && since < sweeper?.BeganAt && committed.Holds(who))
                {
                    throw new ModelViolation($"{of} was let go while hold {id} keeps {who}");
                }
            }
            if (Book.PointsOf(Tier.Local).FirstOrDefault(p => p.Writer == part.Writer && p.Sequence == part.Sequence) is not { } point)
            {
                continue;   // damaged
            }
            if (NanosecondTime.FromNs(point.TimeNs, 0).AddDays(Retention.ClassDays[part.Class]) > Now.AddHours(1))
            {
                throw new ModelViolation($"{of} was let go before its days were over");
            }
            // Captures of whole servers go when their days end, all of them.
            if (part.Class != DataClass.Physical && Book.LiveOn(Tier.Local).Count(live => live.Part.Class == part.Class && (live.Point.TimeNs, live.Point.Sequence).CompareTo((point.TimeNs, point.Sequence)) >= 0) is var newer && newer < Retention.MinimumCopies)
            {
                throw new ModelViolation($"{of} was let go, and only {newer} newer ones are left");
            }
            Count(Looked, _holds.Count > 0 ? "parts let go while holds stood" : "parts let go");
        }
    }

    private void Asked(RunningVerb running)
    {
        _asking.Remove(running, out var asked);
        var who = asked.Who;
        foreach (var pseudonym in asked.Pseudonyms)
        {
            _doomed[IdOf(pseudonym)] = who;
        }
        // Who asked to be forgotten brings nothing new; another person comes.
        foreach (var host in Hosts)
        {
            host.Reserve = host.Reserve.RemoveRange(host.Reserve.Keys.Where(path => SubjectOf(path) == who));
        }
        _people++;
    }

    private void Erased(IEnumerable<string> pseudonyms)
    {
        foreach (var text in pseudonyms)
        {
            _erasedPseudonyms.Add(IdOf(text));
            _erased.Add(_doomed.TryGetValue(IdOf(text), out var who) ? who : _asking.Values.First(asked => asked.Pseudonyms.Contains(text)).Who);
        }
        _keysTouched = true;
        CheckKeys();
    }

    private static Id16 IdOf(string pseudonym) => Id16.TryParse(pseudonym, out var id) ? id : default;

    /// <summary>Whose erasure was asked for, or may have been.</summary>
    private bool MayBeDoomed(string who) => _doomed.ContainsValue(who) || _asking.Values.Any(asked => asked.Who == who);

    /// <summary>Looks at what the step touched: the reach of every live point, once anything changed that could cut it; the keys, once a key file changed.</summary>
    private void CheckTouched()
    {
        if (_touched.Count > 0)
        {
            foreach (var tier in Tiers.Keys)
            {
                if ((tier == Tier.Local || _isSynced) && _touched.Any(t => t.Tier == tier && t.Kind is ObjectKind.Index or ObjectKind.Point or ObjectKind.DataPack or ObjectKind.MetaPack))
                {
                    CheckReach(tier);
                }
            }
            _touched.Clear();
        }
        if (_keysTouched)
        {
            _keysTouched = false;
            CheckKeys();
        }
    }

    /// <summary>Every id that a live point needs is named by the index, in a pack that is there; and the index names no pack that is not there.</summary>
    private void CheckReach(Tier tier)
    {
        var isWhole = _damaged.Count == 0;
        var placed = isWhole ? Book.PlacedBy(tier, tier == Tier.Local ? Tiers.Keys : [tier]) : [.. Tiers.Keys.SelectMany(t => Book.PlacedBy(t, Tiers.Keys))];
        var sound = new HashSet<Id32>();
        foreach (var (point, part) in Book.LiveOn(tier))
        {
            Count(Looked, "parts whose reach was looked at");
            foreach (var id in Book.NeedsOf(part))
            {
                if (sound.Add(id) && !placed.Contains(id))
                {
                    throw new ModelViolation($"{part.Class} of {point.Name} ({point.Writer} {point.Sequence}) on the {tier} tier needs {id}, which no pack that is there and that the index names holds");
                }
            }
        }
        if (isWhole && tier == Tier.Local)
        {
            var stored = Tiers.Keys.SelectMany(Book.PacksOf).Select(p => p.Id).ToHashSet();
            foreach (var named in Book.NamedBy(tier))
            {
                if (!stored.Contains(named))
                {
                    throw new ModelViolation($"the index of the {tier} tier names pack {named}, which is not there");
                }
            }
        }
    }

    /// <summary>Whoever gets hold of every disk, those that are away too, opens no record of somebody who is erased. (The KEK he has.)</summary>
    private void CheckKeys()
    {
        if (_erasedPseudonyms.Count == 0)
        {
            return;
        }
        var all = Disk.All;
        foreach (var (path, bytes) in all.Where(f => f.Key.EndsWith(".secret", StringComparison.Ordinal) && f.Value.Length > 0))
        {
            var payload = KeyFrame.ReadWhole(bytes, KeyFileKind.EpochSecret, path).Span;
            var epoch = System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(payload[16..]);
            using var cipher = new AesGcm(payload[20..], 16);
            foreach (var (records, content) in all.Where(f => Path.GetFileName(f.Key) == RecordFile.NameOf(epoch) && f.Value.Length > 0))
            {
                foreach (var record in RecordFile.Read(content, _template.Reserve, epoch, records).Records)
                {
                    Count(Looked, "key records tried against who is erased");
                    if (_erasedPseudonyms.Contains(record.Pseudonym) && record.OpensOuter(cipher, _template.Reserve, epoch))
                    {
                        throw new ModelViolation($"the key of {record.Pseudonym}, who was erased with a certificate, opens: '{records}' with '{path}'");
                    }
                }
            }
        }
    }

    /// <summary>Parts of points of the local tier that can be restored, in an order that does not follow names, which are drawn anew in each replay.</summary>
    private List<(PointRecord Point, PointClass Part)> Restorable() =>
        [.. Book.LiveOn(Tier.Local).Where(live => _committed[(live.Point.Writer, live.Point.Sequence)].Files.Keys.Any(path => ClassOf(path) == live.Part.Class && !_erased.Contains(SubjectOf(path)) && !MayBeDoomed(SubjectOf(path))))
            .OrderBy(live => _template.Writers.Index().First(w => w.Item == live.Point.Writer).Index).ThenBy(live => live.Point.Sequence).ThenBy(live => live.Part.Class)];

    private void CompareRestored(RunningVerb running, PointRecord point, DataClass dataClass, List<StingException> errors)
    {
        var isLive = Book.LiveOn(Tier.Local).Any(live => live.Point.Writer == point.Writer && live.Point.Sequence == point.Sequence && live.Part.Class == dataClass);
        if (running.WasDisturbed || !isLive || IsSlow(running))
        {
            return;
        }
        Count(Looked, "parts restored and compared");
        Count(Looked, "files compared byte for byte", running.Target.Files.Count);
        if (DifferenceOf(point, dataClass, running.Target.Files) is { } difference)
        {
            throw new ModelViolation($"{dataClass} of {point.Name} ({point.Writer} {point.Sequence}) was restored otherwise than it was: {difference}{string.Concat(errors.Select(e => $"; {e.ErrorId}: {e.Message}"))}");
        }
    }

    /// <summary>How what was restored differs from what the run read; null where it does not.</summary>
    private string? DifferenceOf(PointRecord point, DataClass dataClass, Dictionary<string, byte[]> restored)
    {
        var (files, unreadable, _) = _committed[(point.Writer, point.Sequence)];
        foreach (var (path, file) in files.Where(f => ClassOf(f.Key) == dataClass))
        {
            var who = SubjectOf(path);
            if (_erased.Contains(who))
            {
                Count(Looked, "files of who is erased looked for");
                if (restored.ContainsKey(path))
                {
                    return $"'{path}' came back, and {who} was erased";
                }
            }
            else if (!restored.TryGetValue(path, out var bytes))
            {
                if (!unreadable.Contains(path) && !MayBeDoomed(who))
                {
                    return $"'{path}' is missing";
                }
            }
            else if (!bytes.AsSpan().SequenceEqual(SimulatedFile.Bytes(path, file.Content)))
            {
                return $"'{path}' has other content than number {file.Content}";
            }
        }
        return restored.Keys.FirstOrDefault(path => !files.ContainsKey(path)) is { } more ? $"'{more}' was not there" : null;
    }

    private static string SubjectOf(string path) => path.StartsWith("users/", StringComparison.Ordinal) ? path.Split('/')[1] : "";
    private static DataClass ClassOf(string path) => path.StartsWith("users/", StringComparison.Ordinal) ? DataClass.UserFiles : path.StartsWith("jars/", StringComparison.Ordinal) ? DataClass.HoneyJars : DataClass.Settings;
}
