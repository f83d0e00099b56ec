using System.Globalization;
using T = StingBackup.Engine.Guardian.AnomalyThresholds;

namespace StingBackup.Engine.Guardian;

/// <summary>What a run came to for one subject.</summary>
/// <param name="Score">0 to 100.</param>
/// <param name="Reasons">Why.</param>
/// <param name="SinceNs">From when on restore points may hold the damage; zero where it is not suspicious.</param>
internal sealed record AnomalyVerdict(int Score, AnomalyReasons Reasons, long SinceNs)
{
    public bool IsSuspicious => Score >= T.Suspicious;
}

/// <summary>
/// Judges a subject's run by what it did, by the last runs of the same subject, and by what earlier runs have added up to. A function of memory, counters and moment, and of nothing else.
/// </summary>
internal static class AnomalyModel
{
    /// <summary>Judges, and remembers.</summary>
    /// <param name="memory">What is remembered of the subject; is brought up to date.</param>
    /// <param name="activity">What the run did.</param>
    /// <param name="timeNs">The moment of its cut.</param>
    /// <param name="sequence">Its number.</param>
    /// <param name="isWhole">Whether it is the reserve as a whole rather than one subject.</param>
    public static AnomalyVerdict Judge(SubjectMemory memory, SubjectActivity activity, long timeNs, long sequence, bool isWhole)
    {
        memory.AgeTo(timeNs);
        var usual = memory.Usual;
        var factor = isWhole ? T.WholeFactor : 1;
        var signs = new Signs();
        // Of many people's files a share counts as well: what each of them does once adds up.
        double RampOf(double value, double from, double to) => isWhole ? Ramp(value, Math.Max(factor * from, T.WholeShare * from / to * activity[Figure.Before]), Math.Max(factor * to, T.WholeShare * activity[Figure.Before])) : Ramp(value, from, to);

        double replaced = activity[Figure.Replaced], before = Math.Max(1, activity[Figure.Before]);
        // What is usual of damage is told by runs of days ago: a patient encryptor must not become it.
        IReadOnlyList<RememberedRun> settled = [.. usual.Where(r => r.TimeNs <= timeNs - (T.UsualAge.Ticks * 100))];
        var scrambled = Excess(activity[Figure.Scrambled] + replaced, settled, a => a[Figure.Scrambled] + a[Figure.Replaced]);
        var wrecked = Excess(activity[Figure.Wrecked], settled, a => a[Figure.Wrecked]);
        // What is more than usual, however little in one run: gone by a twelfth each time is gone as well.
        var deleted = Excess(Math.Max(0, activity[Figure.Deleted] - replaced - activity[Figure.OpenAdded]), settled, a => Math.Max(0, a[Figure.Deleted] - a[Figure.Replaced] - a[Figure.OpenAdded]))
            * (activity[Figure.BytesPacked] >= T.PackedShare * activity[Figure.BytesGone] && activity[Figure.BytesPacked] > 0 ? T.PackedWeight : 1);
        var sameLength = Excess(activity[Figure.SameLength], settled, a => a[Figure.SameLength]);
        var rewritten = Excess(activity[Figure.RewrittenInPlace], settled, a => a[Figure.RewrittenInPlace]);
        var isSealed = activity[Figure.BytesSealed] > 0 && activity[Figure.BytesSealed] >= T.PackedShare * activity[Figure.BytesGone];
        memory.Scrambled += scrambled;
        memory.Wrecked += wrecked;
        memory.Deleted += deleted;
        // Of what there was at first, not of what is left: two clearings of a third each took little more than half.
        memory.DeletedShare += (1 - memory.DeletedShare) * Math.Min(1, deleted / before);
        memory.SealedShare += isSealed ? (1 - memory.SealedShare) * Math.Min(1, deleted / before) : 0;
        memory.SameLength += sameLength;
        memory.Rewritten += rewritten;
        memory.Names += activity[Figure.KnownExtensions] + activity[Figure.Notes];
        memory.Trace(timeNs, scrambled + wrecked + activity[Figure.KnownExtensions] + activity[Figure.Notes] + Math.Max(rewritten, 0.25 * sameLength) + (deleted >= 0.02 * before ? deleted : 0));

        signs.Add(AnomalyReasons.Honeypot, activity[Figure.Honeypots] > 0 ? T.HoneypotWeight : 0);
        signs.Add(AnomalyReasons.KnownExtension, NameWeight(activity[Figure.KnownExtensions], memory.Names));
        signs.Add(AnomalyReasons.Note, NameWeight(activity[Figure.Notes], memory.Names));
        if (scrambled > 0)
        {
            signs.Add(AnomalyReasons.Scrambled, T.ScrambledWeight * RampOf(memory.Scrambled, T.ScrambledFrom, T.ScrambledTo));
        }
        if (wrecked > 0)
        {
            signs.Add(AnomalyReasons.Wrecked, T.WreckedWeight * RampOf(memory.Wrecked, T.WreckedFrom, T.WreckedTo));
        }
        if (deleted >= 1 && memory.Deleted >= T.LeastFiles)
        {
            double went = Ramp(memory.DeletedShare, T.DeletedFrom, T.DeletedTo), putAway = Ramp(memory.SealedShare, T.SealedFrom, T.SealedTo);
            signs.Add(putAway > went ? AnomalyReasons.PutUnderPassword : AnomalyReasons.MassDeletion, T.DeletionWeight * Math.Max(went, putAway));
        }
        if (sameLength >= 1 && memory.SameLength >= T.LeastFiles * factor && IsUnusual(activity, usual, Figure.SameLength))
        {
            signs.Add(AnomalyReasons.SameLength, T.SameLengthWeight * Ramp(memory.SameLength / before, T.SameLengthFrom, T.SameLengthTo));
        }
        if (rewritten >= 1)
        {
            signs.Add(AnomalyReasons.RewrittenInPlace, T.RewrittenWeight * RampOf(memory.Rewritten, T.RewrittenFrom, T.RewrittenTo));
        }
        if (activity[Figure.Appended] >= T.LeastFiles && activity.ShareOf(Figure.Appended) >= T.AppendedShare)
        {
            signs.Add(AnomalyReasons.MassRename, T.AppendedWeight);
        }
        if (activity[Figure.Changed] >= T.LeastFiles && activity.ShareOf(Figure.Changed) >= T.ChangedShare && IsUnusual(activity, usual, Figure.Changed))
        {
            signs.Add(AnomalyReasons.MassChange, T.ChangeWeight);
            AddContentSigns(signs, activity, usual);
        }
        if (activity[Figure.CipheredAdded] >= T.CipheredUploads * factor)
        {
            signs.Add(AnomalyReasons.CipheredUploads, T.CipheredUploadsWeight);
        }
        var score = signs.Score;
        var since = score >= T.Suspicious ? memory.SinceNs == 0 ? memory.BeginNs(timeNs) : memory.SinceNs : 0;
        if (since > 0)
        {
            memory.SinceNs = since;
        }
        memory.Remember(new RememberedRun(timeNs, sequence, activity, score, signs.Reasons));
        return new AnomalyVerdict(score, signs.Reasons, since);
    }

    /// <summary>A verdict in words. Numbers only where the counters are at hand.</summary>
    public static IReadOnlyList<string> Describe(AnomalyReasons reasons, SubjectActivity? a)
    {
        string Text(string plain, Func<SubjectActivity, FormattableString> counted) => a is null ? plain : counted(a).ToString(CultureInfo.InvariantCulture);
        (AnomalyReasons Reason, string Text)[] texts =
        [
            (AnomalyReasons.Honeypot, Text("a file that nobody should touch was changed, renamed or deleted", c => $"{c[Figure.Honeypots]} files that nobody should touch were changed, renamed or deleted")),
            (AnomalyReasons.KnownExtension, Text("files bear an extension that encryptors are known by", c => $"{c[Figure.KnownExtensions]} new files bear an extension that encryptors are known by")),
            (AnomalyReasons.Note, Text("texts are called as the notes that encryptors leave", c => $"{c[Figure.Notes]} new texts are called as the notes that encryptors leave")),
            (AnomalyReasons.Scrambled, Text("files that could be read became what a cipher makes",
                c => $"{c[Figure.Scrambled]} of {c[Figure.Before]} files that could be read became what a cipher makes{(c[Figure.CipheredAdded] > 0 ? $", and {c[Figure.CipheredAdded]} such files came while {c[Figure.OpenDeleted]} others went" : "")}")),
            (AnomalyReasons.Wrecked, Text("files lost the format that they had", c => $"{c[Figure.Wrecked]} of {c[Figure.Before]} files lost the format that they had")),
            (AnomalyReasons.MassDeletion, Text("much was deleted, and nothing came in its place", c => $"{c[Figure.Deleted]} of {c[Figure.Before]} files were deleted, and nothing came in their place")),
            (AnomalyReasons.PutUnderPassword, Text("much was deleted, while enciphered content came that may hold it", c => $"{c[Figure.Deleted]} of {c[Figure.Before]} files were deleted, while {c[Figure.CipheredAdded]} came that look enciphered and may hold them")),
            (AnomalyReasons.RewrittenInPlace, Text("compressed files were written anew and kept their length to the byte", c => $"{c[Figure.RewrittenInPlace]} compressed files were written anew and kept their length to the byte")),
            (AnomalyReasons.SameLength, Text("many files changed and kept their length to the byte", c => $"{c[Figure.SameLength]} of {c[Figure.Changed]} changed files kept their length to the byte")),
            (AnomalyReasons.MassRename, Text("many files got another extension after their own", c => $"{c[Figure.Appended]} of {c[Figure.Before]} files got another extension after their own")),
            (AnomalyReasons.MassChange, Text("many more files changed than usual", c => $"{c[Figure.Changed]} of {c[Figure.Before]} files changed, many more than usual")),
            (AnomalyReasons.Incompressible, Text("new content can no longer be compressed", c => $"new content was compressed to {100 * c.StoredShare:0} % of its length, unlike before")),
            (AnomalyReasons.NoDeduplication, Text("of changed files nothing is as it was", c => $"{100 * c.NewShare:0} % of the bytes of changed files are new, unlike before")),
            (AnomalyReasons.CipheredUploads, Text("many new files look enciphered", c => $"{c[Figure.CipheredAdded]} new files look enciphered")),
        ];
        return [.. texts.Where(t => reasons.HasFlag(t.Reason)).Select(t => t.Text)];
    }

    private static void AddContentSigns(Signs signs, SubjectActivity activity, IReadOnlyList<RememberedRun> usual)
    {
        var stored = usual.Where(r => r.Activity[Figure.BytesNew] > 0).Select(r => r.Activity.StoredShare).ToList();
        if (activity.StoredShare >= T.Incompressible && stored.Count >= T.LeastHistory && RobustStatistics.Median(stored) <= T.UsuallyCompressible)
        {
            signs.Add(AnomalyReasons.Incompressible, T.IncompressibleWeight);
        }
        var fresh = usual.Where(r => r.Activity[Figure.Changed] > 0).Select(r => r.Activity.NewShare).ToList();
        if (activity.NewShare >= T.AllNew && fresh.Count >= T.LeastHistory && RobustStatistics.Median(fresh) <= T.UsuallyNew)
        {
            signs.Add(AnomalyReasons.NoDeduplication, T.AllNewWeight);
        }
    }

    private static double NameWeight(long now, double remembered) => now == 0 ? 0 : remembered >= T.SeveralNames ? T.SeveralNamesWeight : T.OneNameWeight;

    /// <summary>What is more than usual of a count: above the median by more than three deviations.</summary>
    private static double Excess(double value, IReadOnlyList<RememberedRun> usual, Func<SubjectActivity, double> of)
    {
        if (value <= 0 || usual.Count < T.LeastHistory)
        {
            return Math.Max(0, value);
        }
        var (median, deviation) = RobustStatistics.Of([.. usual.Select(r => of(r.Activity))]);
        return Math.Max(0, value - (median + (3 * deviation)));
    }

    private static bool IsUnusual(SubjectActivity activity, IReadOnlyList<RememberedRun> usual, Figure figure) =>
        usual.Count < T.LeastHistory || RobustStatistics.Distance(activity.ShareOf(figure), [.. usual.Select(r => r.Activity.ShareOf(figure))], T.LeastDeviation) >= T.Unusual;

    private static double Ramp(double value, double from, double to) => Math.Clamp((value - from) / (to - from), 0, 1);

    /// <summary>Signs, joined as independent ones.</summary>
    private sealed class Signs
    {
        private double _innocent = 1;

        public AnomalyReasons Reasons { get; private set; }

        public int Score => (int)Math.Round(100 * (1 - _innocent));

        public void Add(AnomalyReasons reason, double weight)
        {
            if (weight > 0)
            {
                _innocent *= 1 - weight;
                Reasons |= reason;
            }
        }
    }
}
