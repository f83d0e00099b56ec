using System.Formats.Cbor;
using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Recovery;
using StingBackup.Engine.Repository;
using StingBackup.Fuzz.Tests.Loop;

namespace StingBackup.Fuzz.Tests.Targets;

/// <summary>
/// Signed objects of the repository. The input is what stands between frame and signature, signed anew: as a host would that was enrolled and is hostile.
/// What a reader does with its times is done too, since an object that reads well and then breaks every command is no better.
/// </summary>
internal static class SignedObjectTargets
{
    private static readonly Id32 Hash = new(Fixed.Ascending(0x80, 32));
    private static readonly string Host = Fixed.Writer.ToString();

    public static IEnumerable<FuzzTarget> All =>
    [
        Signed("point", ObjectKind.Point, () => [Point().ToBytes(Fixed.Signer), (Point() with { Classes = [], Anomalies = [], Origin = new PointOrigin("2025-01-02.tar.gz", Hash) }).ToBytes(Fixed.Signer)], static bytes =>
        {
            var point = PointRecord.Read(PointRecord.NameOf(Fixed.Writer, 7), bytes, Fixed.Reserve, Fixed.Writers.SigningKeyOf);
            SaysTheSame(bytes, point.ToBytes(Fixed.Signer));
            _ = NanosecondTime.FromNs(point.TimeNs, point.OffsetMinutes);
            _ = NanosecondTime.FromNs(point.CompletedNs, point.OffsetMinutes);
            _ = point.Anomalies.Select(a => NanosecondTime.FromNs(a.SinceNs, 0)).Count();
        }),
        new("point-guess", () => [Point().ToBytes(Fixed.Signer)], static input => PointRecord.Guess(input)),
        Signed("drop", ObjectKind.Drop, () => [Drop().ToBytes(Fixed.Signer)], static bytes => SaysTheSame(bytes, DropRecord.Read(DropRecord.NameOf(bytes), bytes, Fixed.Reserve, Fixed.Writers).ToBytes(Fixed.Signer))),
        Signed("mark", ObjectKind.Mark, () => [Mark().ToBytes(Fixed.Signer)], static bytes => SaysTheSame(bytes, MarkRecord.Read(MarkRecord.NameOf(Fixed.Subject, MarkStep.Marked), bytes, Fixed.Reserve, Fixed.Writers).ToBytes(Fixed.Signer))),
        Signed("session", ObjectKind.Session, () => [new SessionRecord(new WriterIdentity(Fixed.Reserve, Fixed.Writer, 7, Fixed.Signer), 99).ToBytes()],
            static bytes => SessionRecord.Check(SessionRecord.NameOf(Fixed.Writer, 7), bytes, Fixed.Reserve, Fixed.Writers.SigningKeyOf)),
        Signed("audit", ObjectKind.Audit, () => [Audit().ToBytes(Fixed.Signer)], static bytes => AuditRecord.Read(AuditRecord.NameOf(Fixed.Writer, 7), bytes, Fixed.Reserve, Fixed.Writers.SigningKeyOf)),
        Signed("drill", ObjectKind.Drill, () => [Drill().ToBytes(Fixed.Signer)], static bytes => SaysTheSame(bytes, DrillRecord.Read(DrillRecord.NameOf(bytes), bytes, Fixed.Reserve, Fixed.Writers.SigningKeyOf).ToBytes(Fixed.Signer))),
        Signed("format", ObjectKind.Format, () => [Golden("format-1", "repository", "format", "1"), Golden("signing-1", "repository", "format", "1")], static bytes =>
        {
            FormatObject.ChainIn("format/1", bytes, Fixed.Reserve);
            FormatObject.Read("format/1", bytes, Fixed.Signer.PublicKey.Span).IsBefore(Fixed.Signer.PublicKey.Span);
        }),
        Signed("writer", ObjectKind.Writer, () => [Golden("format-1", "repository", "writers", Host)], static bytes =>
        {
            WriterObject.RevisionOf(bytes);
            WriterObject.Read($"writers/{Host}", bytes, Fixed.Reserve, Fixed.Signer.PublicKey.Span);
        }),
        Signed("approver", ObjectKind.Approver, () => [Approver().ToBytes(Fixed.Signer)], static bytes => ApproverObject.Read(Approver().ObjectName, bytes, Fixed.Reserve, Fixed.Signer.PublicKey.Span)),
        Signed("claim", ObjectKind.Claim, () => [Claim().ToBytes(Fixed.Signer)], static bytes =>
        {
            using var keyRole = new SignatureVerifier(Fixed.Signer.PublicKey.Span);
            SubjectClaim.Read(KeyObjectNames.Claim(Fixed.Subject), bytes, Fixed.Reserve, keyRole, Fixed.Writers);
        }),
        Signed("ledger", ObjectKind.Ledger, () => [Ledger().ToBytes(Fixed.Signer)], static bytes => _ = LedgerEntry.Read(KeyObjectNames.Ledger(1), bytes, Fixed.Reserve, Fixed.Signer.PublicKey.Span).Time),
        Signed("configuration-copy", ObjectKind.Configuration, () => [ConfigurationObject()], static bytes =>
        {
            using var key = SecretBytes.CopyOf(Fixed.Secret);
            ConfigurationCopy.Read(ConfigurationCopy.NameOf(Fixed.Writer, 1), bytes, Fixed.Reserve, Fixed.Writers.SigningKeyOf).Open(key);
        }) with { Floor = 6 << 20 },
        // What is sealed in it, as a host with the directory key makes it: 4 MiB are set aside for what it unpacks to.
        new("configuration-content", () => [new ConfigurationContent("host", "/etc/sting-backup.yaml", "storage: {}\n").ToBytes()], static input => ConfigurationContent.Read("config/x", input, 4 << 20))
        { Floor = 6 << 20, Refuses = static e => e is StingException or InvalidDataException or InvalidOperationException, PerByte = 4096 },
    ];

    /// <summary>Whole objects, by their names, and how a reader takes them: for damage that nobody signed.</summary>
    public static IEnumerable<(string Name, byte[] Bytes, Func<byte[], object?> Read)> Objects()
    {
        yield return ("point", Point().ToBytes(Fixed.Signer), b => PointRecord.Read(PointRecord.NameOf(Fixed.Writer, 7), b, Fixed.Reserve, Fixed.Writers.SigningKeyOf));
        yield return ("mark", Mark().ToBytes(Fixed.Signer), b => MarkRecord.Read(MarkRecord.NameOf(Fixed.Subject, MarkStep.Marked), b, Fixed.Reserve, Fixed.Writers));
        yield return ("audit", Audit().ToBytes(Fixed.Signer), b => AuditRecord.Read(AuditRecord.NameOf(Fixed.Writer, 7), b, Fixed.Reserve, Fixed.Writers.SigningKeyOf));
        yield return ("ledger", Ledger().ToBytes(Fixed.Signer), b => LedgerEntry.Read(KeyObjectNames.Ledger(1), b, Fixed.Reserve, Fixed.Signer.PublicKey.Span));
        yield return ("writer", Golden("format-1", "repository", "writers", Host), b => WriterObject.Read($"writers/{Host}", b, Fixed.Reserve, Fixed.Signer.PublicKey.Span));
        yield return ("format", Golden("format-1", "repository", "format", "1"), b => FormatObject.Read("format/1", b, Fixed.Signer.PublicKey.Span));
        yield return ("approver", Approver().ToBytes(Fixed.Signer), b => ApproverObject.Read(Approver().ObjectName, b, Fixed.Reserve, Fixed.Signer.PublicKey.Span));
        using var keyRole = new SignatureVerifier(Fixed.Signer.PublicKey.Span);
        yield return ("claim", Claim().ToBytes(Fixed.Signer), b => SubjectClaim.Read(KeyObjectNames.Claim(Fixed.Subject), b, Fixed.Reserve, keyRole, Fixed.Writers));
        var (drop, drill) = (Drop().ToBytes(Fixed.Signer), Drill().ToBytes(Fixed.Signer));
        yield return ("drop", drop, b => DropRecord.Read(DropRecord.NameOf(drop), b, Fixed.Reserve, Fixed.Writers));
        yield return ("drill", drill, b => DrillRecord.Read(DrillRecord.NameOf(drill), b, Fixed.Reserve, Fixed.Writers.SigningKeyOf));
        yield return ("session", new SessionRecord(new WriterIdentity(Fixed.Reserve, Fixed.Writer, 7, Fixed.Signer), 99).ToBytes(),
            b => SessionRecord.Check(SessionRecord.NameOf(Fixed.Writer, 7), b, Fixed.Reserve, Fixed.Writers.SigningKeyOf));
        using var key = SecretBytes.CopyOf(Fixed.Secret);
        yield return ("configuration", ConfigurationObject(), b => ConfigurationCopy.Read(ConfigurationCopy.NameOf(Fixed.Writer, 1), b, Fixed.Reserve, Fixed.Writers.SigningKeyOf).Open(key));
    }

    private static FuzzTarget Signed(string name, ObjectKind kind, Func<IEnumerable<byte[]>> seeds, Action<byte[]> read) =>
        new(name, () => seeds().Select(s => s[ObjectFrame.HeaderSize..^ObjectFrame.SignatureSize]), payload => read(ObjectFrame.Sign(kind, payload, Fixed.Signer.Sign)));

    /// <summary>What was read, written again, is what was signed: a reader that takes bytes which it does not understand would write others. Fields from 100 on, which may be passed over, are left out of it.</summary>
    private static void SaysTheSame(byte[] read, byte[] written)
    {
        if (!read.AsSpan(0, read.Length - ObjectFrame.SignatureSize).SequenceEqual(written.AsSpan(0, written.Length - ObjectFrame.SignatureSize)) && Keys(read).SequenceEqual(Keys(written)))
        {
            throw new MisreadException("an object reads as another than was signed");
        }
    }

    private static List<int> Keys(byte[] bytes)
    {
        var keys = new List<int>();
        var cbor = new CborReader(bytes.AsMemory()[ObjectFrame.HeaderSize..^ObjectFrame.SignatureSize]);
        for (var left = cbor.ReadStartMap(); left > 0; left--)
        {
            keys.Add(cbor.ReadInt32());
            cbor.SkipValue();
        }
        return keys;
    }

    private static byte[] Golden(string reserve, params string[] path) => Fixed.Golden(["keys", reserve, .. path]);

    private static PointRecord Point() => new()
    {
        Reserve = Fixed.Reserve, Writer = Fixed.Writer, Sequence = 7, Previous = Hash, Seen = [new ChainHead(Fixed.Subject, 3, Hash)], Name = "backup_20260101_020304", Type = BackupType.Full,
        TimeNs = 1768442400L * 1_000_000_000, CompletedNs = 1768442500L * 1_000_000_000, OffsetMinutes = 60, Classes = [new PointClass(DataClass.UserFiles, [Hash], 1, 2, 3, 0), new PointClass(DataClass.Metadata, [], 0, 0, 0, 1)],
        LedgerHead = Hash, AuditHeads = [new ChainHead(Fixed.Writer, 9, Hash)], Carried = [new PointCarry(DataClass.Secrets, "vault", "backup_20251231_020304")],
        Deduplication = new PointDeduplication(1, 2, 3), Anomalies = [new PointAnomaly(Fixed.Subject, 5, 80, (AnomalyReasons)9)],
    };

    private static DropRecord Drop() => new() { Reserve = Fixed.Reserve, Writer = Fixed.Writer, Sequence = 7, TimeNs = 9, Parts = [new DroppedPart(Fixed.Writer, 3, DataClass.UserFiles, (RetentionReason)1, 8)] };

    private static MarkRecord Mark() => new()
    {
        Reserve = Fixed.Reserve, Writer = Fixed.Writer, Sequence = 7, Mark = Fixed.Subject, Step = MarkStep.Marked, TimeNs = 9,
        Packs = [new MarkedPack(Hash, ObjectKind.DataPack, 4000, true)], Into = [Hash], Sessions = [(Fixed.Writer, 8)],
    };

    private static AuditRecord Audit() => new()
    {
        Reserve = Fixed.Reserve, Writer = Fixed.Writer, Sequence = 7, Previous = Hash, TimeNs = 9, Event = AuditEvent.Approved, Verb = "Remove-StingSubject", Actor = "ada@host", PlanDigest = Hash,
        Subjects = [Fixed.Subject], Request = Fixed.Subject, Approvals = [new GuardApproval(Fixed.Subject, Hash, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddDays(3), Fixed.Ascending(0, 64))], Outcome = "Done",
    };

    private static DrillRecord Drill() => new()
    {
        Reserve = Fixed.Reserve, Writer = Fixed.Writer, TimeNs = 9, Type = (RecoveryTestType)1, Seed = 4, NamedTier = Tier.Local, Tier = Tier.Local, Points = ["backup_20260101_020304 UserFiles"],
        Choices = [new DrillChoice(Fixed.Subject, Fixed.Writer, 3, 400)], Packs = [new DrillPacks(Tier.Local, 1, 4000)], Items = 3, Length = 400, Recovery = TimeSpan.FromSeconds(2), Thaw = default, Comparison = default,
        Reached = TimeSpan.FromSeconds(2), Target = TimeSpan.FromHours(1), Bound = TimeSpan.FromHours(2), Checks = [new DrillCheck("content", 3, 3)], Differences = [new DrillDifference("content", Fixed.Subject, Fixed.Writer, "missing")],
        DifferenceCount = 1, Verdict = (RecoveryVerdict)0, Reasons = ["a reason"], Notes = ["a note"], Actor = "ada@host",
    };

    private static ApproverObject Approver() => new(Fixed.Reserve, 1, new EnrolledApprover(EnrolledApprover.IdOf(Fixed.Signer.PublicKey.Span), "Ada", Fixed.Signer.PublicKey.ToArray(), 9, null));

    private static SubjectClaim Claim()
    {
        var key = Fixed.SubjectKey.PublicKey.ToArray();
        return new SubjectClaim
        {
            Tag = Fixed.Subject, Key = SubjectPublicKey.Sign(Fixed.Signer, Fixed.Reserve, Fixed.Subject, Fixed.Generation, key), Writer = Fixed.Writer, CreatedNs = 9,
            Secrets = [new SealedWriterSecret(Fixed.Writer, Fixed.Ascending(0, 113))], Aliases = [Fixed.Reserve],
        };
    }

    private static LedgerEntry Ledger() => new() { Reserve = Fixed.Reserve, Sequence = 1, Previous = default, Pseudonym = Fixed.Subject, Tag = Fixed.Writer, Aliases = [Fixed.Subject], ErasedNs = 9, Epoch = 2, Request = Fixed.Subject };

    private static byte[] ConfigurationObject()
    {
        using var key = SecretBytes.CopyOf(Fixed.Secret);
        using var random = RandomNumberGenerator.Create();
        return new ConfigurationCopy { Reserve = Fixed.Reserve, Writer = Fixed.Writer, Revision = 1, CreatedNs = 9 }.ToBytes(new ConfigurationContent("host", "/etc/sting-backup.yaml", "storage: {}\n"), key, Fixed.Signer, random);
    }
}
