using System.Globalization;
using System.Text;
using StingBackup.Engine.Guardian;
using StingBackup.Engine.Restore.Clean;

namespace StingBackup.Engine.Tests.Guardian.Simulation;

/// <summary>How a kind of attack came out over its trials.</summary>
internal sealed record AttackResult(string Name, int Trials, int Detected, double[] Shares, int[] Runs, int CleanPoints, double[] HoursBack)
{
    public double Rate => (double)Detected / Trials;
}

/// <summary>What was called suspicious in months of honest people.</summary>
internal sealed record HonestResult(int People, int Days, IReadOnlyDictionary<string, (int Times, int Alarms)> Busy, int OtherAlarms, int WholeAlarms)
{
    public int Alarms => OtherAlarms + WholeAlarms + Busy.Values.Sum(b => b.Alarms);
}

/// <summary>Plays attacks and honest months over simulated people, and makes the table of docs/ransomware.md.</summary>
internal static class EncryptorTable
{
    private const long Tick = 15L * 60 * 1_000_000_000;
    private const int TicksADay = 96;
    private const int QuietDays = 10;
    private static readonly long Start = DateTimeOffset.Parse("2026-03-02T00:00:00Z", CultureInfo.InvariantCulture).ToUnixTimeSeconds() * 1_000_000_000;

    /// <summary>The encryptors; those of <see cref="LaterEncryptors"/> were written after the thresholds were frozen.</summary>
    public static IReadOnlyList<Func<Encryptor>> All { get; } =
        [() => new FastEncryptor(), () => new SlowEncryptor(), () => new IntermittentEncryptor(), () => new RenamingEncryptor(), () => new ExfiltratingDeleter(),
            () => new HeadKeepingEncryptor(), () => new PackingExtortionist(), () => new ZippingEncryptor(), () => new CodingEncryptor(), () => new RenamingHeadKeeper(), () => new DocumentMacro(), () => new ContainerMover(), () => new KeyedScript(), () => new SpreadingWiper(), .. LaterEncryptors.All];

    private static readonly IReadOnlyDictionary<string, Action<SimulatedSubject>> AllBusy = HonestPeople.Busy.Concat(PatientPeople.Busy).Concat(LaterHonestPeople.Busy).ToDictionary();

    /// <summary>People live for some days; then one is attacked, while he goes on with his work.</summary>
    public static AttackResult Attack(Func<Encryptor> make, int trials, int seed)
    {
        var shares = new List<double>();
        var runs = new List<int>();
        var hours = new List<double>();
        int detected = 0, clean = 0;
        for (var trial = 0; trial < trials; trial++)
        {
            var kind = HonestPeople.Kinds[trial % HonestPeople.Kinds.Length];
            using var subject = HonestPeople.Make(kind, seed + (7919 * trial));
            var tick = 0;
            for (; tick < (QuietDays * TicksADay) + subject.Random.Next(TicksADay); tick++)
            {
                Live(kind, subject, tick);
                if (subject.Run(TimeOf(tick)) is { Verdict.IsSuspicious: true })
                {
                    subject.Settle();
                }
            }
            var encryptor = make();
            var before = subject.Files.Count;
            var began = tick;
            for (var goesOn = true; goesOn; tick++)
            {
                goesOn = encryptor.Step(subject);
                // Some wait before they do the first harm: until then every point is clean.
                began = encryptor.Damaged == 0 ? tick + 1 : began;
                Live(kind, subject, tick);
                if (subject.Run(TimeOf(tick)) is { Verdict: { IsSuspicious: true } verdict })
                {
                    detected++;
                    shares.Add(Math.Min(1, (double)encryptor.Damaged / before));
                    runs.Add(tick - began + 1);
                    clean += verdict.SinceNs <= TimeOf(began) ? 1 : 0;
                    hours.Add(Math.Max(0, (TimeOf(began) - verdict.SinceNs) / 3.6e12));
                    break;
                }
            }
        }
        return new AttackResult(make().Name, trials, detected, [.. shares.Order()], [.. runs.Order()], clean, [.. hours.Order()]);
    }

    /// <summary>An installation of honest people lives for some days. Each alarm is settled at once, and counted.</summary>
    public static HonestResult Honest(int people, int days, int seed)
    {
        var subjects = Enumerable.Range(0, people).Select(i => (Kind: HonestPeople.Kinds[i % HonestPeople.Kinds.Length], Subject: HonestPeople.Make(HonestPeople.Kinds[i % HonestPeople.Kinds.Length], seed + (104_729 * i)))).ToList();
        var random = new Random(seed);
        // Who does which of the busy things when: each of them once a month for every second person.
        var calendar = (from busy in AllBusy.Keys from i in Enumerable.Range(0, people) where random.Next(2) == 0
                        select (Tick: random.Next(days * TicksADay * 30 / Math.Max(30, days)), Person: i, Busy: busy)).Where(c => c.Tick < days * TicksADay && c.Tick > 2 * TicksADay).ToLookup(c => c.Tick);
        var counts = AllBusy.Keys.ToDictionary(k => k, _ => (Times: 0, Alarms: 0));
        var whole = new SubjectMemory(default, default);
        int others = 0, wholeAlarms = 0;
        for (var tick = 0; tick < days * TicksADay; tick++)
        {
            var sum = new SubjectActivity();
            for (var i = 0; i < people; i++)
            {
                var (kind, subject) = subjects[i];
                Live(kind, subject, tick);
                var begun = calendar[tick].Where(c => c.Person == i).Select(c => c.Busy).ToList();
                List<string> busy = [.. begun, .. subject.Pass()];
                foreach (var name in begun.Where(_ => subject.Files.Count > 5))
                {
                    AllBusy[name](subject);
                    counts[name] = counts[name] with { Times = counts[name].Times + 1 };
                }
                if (subject.Run(TimeOf(tick)) is not var (verdict, activity))
                {
                    sum[Figure.Before] += subject.Files.Count;
                    continue;
                }
                if (!verdict.IsSuspicious)
                {
                    sum.Add(activity);
                    continue;
                }
                Told?.Invoke($"{kind} {i} tick {tick} {string.Join(", ", busy)}: {verdict.Score} {verdict.Reasons} {string.Join("; ", AnomalyModel.Describe(verdict.Reasons, activity))}");
                subject.Settle();
                if (busy.Count > 0)
                {
                    counts[busy[0]] = counts[busy[0]] with { Alarms = counts[busy[0]].Alarms + 1 };
                }
                else
                {
                    others++;
                }
            }
            if (!sum.IsIdle && AnomalyModel.Judge(whole, sum, TimeOf(tick), tick, isWhole: true) is { IsSuspicious: true } all)
            {
                Told?.Invoke($"whole tick {tick}: {all.Score} {all.Reasons} {string.Join("; ", AnomalyModel.Describe(all.Reasons, sum))}");
                whole.Settle();
                wholeAlarms++;
            }
        }
        subjects.ForEach(s => s.Subject.Dispose());
        return new HonestResult(people, days, counts, others, wholeAlarms);
    }

    /// <summary>How many of six trials the short form asks for; of encryptors that were written after the thresholds, what the table shows.</summary>
    public static int ExpectedOfSix(string name) => LaterEncryptors.ExpectedOfSix.GetValueOrDefault(name, 6);

    /// <summary>Told of each false alarm.</summary>
    public static Action<string>? Told { get; set; }

    /// <summary>The table as Markdown.</summary>
    public static string Make(int seed, int trials, int people, int days)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"Seed {seed}; {trials} trials of each encryptor; {people} people for {days} days, {days * TicksADay} ticks.").AppendLine();
        text.AppendLine("| encryptor | trials | detected | files damaged at the alarm: median, worst | runs until the alarm: median, worst | the last clean point is clean | hours it lies too early: median, worst |").AppendLine("|---|---|---|---|---|---|---|");
        var sum = (Trials: 0, Detected: 0);
        foreach (var make in All)
        {
            var r = Attack(make, trials, seed);
            sum = (sum.Trials + r.Trials, sum.Detected + r.Detected);
            text.AppendLine(CultureInfo.InvariantCulture, $"| {r.Name} | {r.Trials} | {100 * r.Rate:0.0} % | {Pair(r.Shares, v => $"{100 * v:0} %")} | {Pair([.. r.Runs.Select(v => (double)v)], v => $"{v:0}")} | {r.CleanPoints} of {r.Detected} | {Pair(r.HoursBack, v => $"{v:0.#}")} |");
        }
        text.AppendLine(CultureInfo.InvariantCulture, $"| **all** | {sum.Trials} | **{100.0 * sum.Detected / sum.Trials:0.0} %** | | | | |").AppendLine();
        var honest = Honest(people, days, seed + 1);
        text.AppendLine("| honest and busy | times | false alarms |").AppendLine("|---|---|---|");
        foreach (var (name, (times, alarms)) in honest.Busy.OrderBy(b => b.Key, StringComparer.Ordinal))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"| {name} | {times} | {alarms} |");
        }
        text.AppendLine(CultureInfo.InvariantCulture, $"| everyday work | {people} people, {days} days | {honest.OtherAlarms} |");
        text.AppendLine(CultureInfo.InvariantCulture, $"| the reserve as a whole | {days * TicksADay} ticks | {honest.WholeAlarms} |");
        text.AppendLine(CultureInfo.InvariantCulture, $"| **all** | | **{honest.Alarms}**, {30.0 * honest.Alarms / days:0.##} a month |");
        return text.ToString();
    }

    private static string Pair(double[] sorted, Func<double, FormattableString> show) =>
        sorted.Length == 0 ? "—" : $"{show(sorted[sorted.Length / 2]).ToString(CultureInfo.InvariantCulture)}, {show(sorted[^1]).ToString(CultureInfo.InvariantCulture)}";

    private static void Live(string kind, SimulatedSubject subject, int tick)
    {
        if (tick % TicksADay is >= 32 and < 76 && tick / TicksADay % 7 < 5)
        {
            HonestPeople.Work(kind, subject);
        }
    }

    private static long TimeOf(int tick) => Start + (tick * Tick);
}
