using System.Globalization;

namespace StingBackup.Engine.Tests.World;

/// <summary>What a host is told to do.</summary>
internal enum Verb { Backup, Full, Sync, Retain, Sweep, SweepRemote, Heal, HealRemote, Verify, Restore, Turn, NewKek, NewSubjectKeys, RequestErasure, EndErasure, Hold, Lift, MendKeys }

/// <summary>What a fault does to the call at hand.</summary>
internal enum Fault { RequestLost, AnswerLost, Full, InputOutput, Twice }

/// <summary>What a decision of the schedule does.</summary>
internal enum Act
{
    /// <summary>Who begins the verb What, with the argument More.</summary>
    Start,
    /// <summary>What calls of Who happen.</summary>
    Go,
    /// <summary>The next call of Who suffers the fault What.</summary>
    Fault,
    /// <summary>Who crashes; More seeds what is left.</summary>
    Crash,
    /// <summary>What minutes pass.</summary>
    Pass,
    /// <summary>The clock of Who goes What minutes ahead of the world's, or behind.</summary>
    Skew,
    /// <summary>Files of Who's reserve change; What says which, More how.</summary>
    Write,
    /// <summary>The place of keys What is unmounted.</summary>
    Unmount,
    /// <summary>The place of keys What is mounted again.</summary>
    Mount,
    /// <summary>One object of the tier Who is damaged; What says which, More how.</summary>
    Damage,
}

/// <summary>One decision. Numbers mean what there is at the moment, modulo how many: so a schedule keeps its sense when others are taken out.</summary>
internal readonly record struct Decision(Act Act, int Who, int What, int More)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Act} {Who} {What} {More}");

    public static Decision Parse(string text)
    {
        var parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return new Decision(Enum.Parse<Act>(parts[0]), int.Parse(parts[1], CultureInfo.InvariantCulture), int.Parse(parts[2], CultureInfo.InvariantCulture), int.Parse(parts[3], CultureInfo.InvariantCulture));
    }
}

/// <summary>A world's shape and what happens in it: enough to see it again.</summary>
internal sealed record Schedule(WorldShape Shape, IReadOnlyList<Decision> Decisions)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Shape.Hosts} {(Shape.HasRemote ? 1 : 0)}; {string.Join("; ", Decisions)}");

    public static Schedule Parse(string text)
    {
        var parts = text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var shape = parts[0].Split(' ');
        return new Schedule(new WorldShape(int.Parse(shape[0], CultureInfo.InvariantCulture), shape[1] == "1"), [.. parts[1..].Select(Decision.Parse)]);
    }
}

/// <summary>
/// Draws decisions by a seed. Each seed has its own habits (which verbs it likes, how long hosts sleep, how much goes wrong), so that many seeds reach what one would not.
/// </summary>
internal sealed class ScheduleGenerator
{
    private readonly Random _random;
    private readonly int[] _verbs;
    private readonly int _stretch, _faults, _crashes, _keys, _damages, _sleepiness;
    private readonly int[] _asleep;

    public ScheduleGenerator(int seed)
    {
        _random = new Random(seed);
        Shape = new WorldShape(_random.Next(2, 4), _random.Next(2) == 0);
        _verbs = [.. Enum.GetValues<Verb>().Select(verb => UsualOf(verb) * _random.Next(1, 6))];
        _stretch = _random.Next(4) switch { 0 => 2, 1 => 8, 2 => 30, _ => 120 };
        _faults = _random.Next(3) * 8;
        _crashes = _random.Next(3) * 6;
        _keys = _random.Next(2) * 4;
        _damages = Shape.HasRemote ? _random.Next(3) * 2 : 0;
        _sleepiness = _random.Next(2) * 6;
        _asleep = new int[Shape.Hosts];
    }

    public WorldShape Shape { get; }

    public Decision Next(SimulatedWorld world)
    {
        for (var host = 0; host < _asleep.Length; host++)
        {
            _asleep[host] = Math.Max(0, _asleep[host] - 1);
        }
        var who = _random.Next(Shape.Hosts);
        for (var tries = 0; _asleep[who] > 0 && tries < 8; tries++)
        {
            who = _random.Next(Shape.Hosts);
        }
        var isBusy = world.Hosts[who].Running is not null;
        var roll = _random.Next(1000);
        var (what, more) = (_random.Next(1 << 16), _random.Next(1 << 16));
        if ((roll -= 60) < 0)
        {
            return new Decision(Act.Pass, 0, _random.Next(6) switch { 0 => 60 * 26, 1 => 60 * 72, 2 => 60 * 6, 3 => 60, _ => 1 + (what % 30) }, 0);
        }
        if ((roll -= _keys) < 0)
        {
            return new Decision(what % 2 == 0 ? Act.Unmount : Act.Mount, 0, more, 0);
        }
        if ((roll -= _keys) < 0)
        {
            return new Decision(Act.Mount, 0, more, 0);
        }
        if ((roll -= _damages) < 0)
        {
            return new Decision(Act.Damage, what % 2, more, _random.Next(2));
        }
        if ((roll -= 4) < 0)
        {
            return new Decision(Act.Skew, who, (what % 60) - 30, 0);
        }
        if (!isBusy)
        {
            return roll % 3 == 0 ? new Decision(Act.Write, who, what, more) : new Decision(Act.Start, who, (int)Draw(world.Hosts[who].HasKeys), more);
        }
        if ((roll -= _faults) < 0)
        {
            return new Decision(Act.Fault, who, what % Enum.GetValues<Fault>().Length, more);
        }
        if ((roll -= _crashes) < 0)
        {
            return new Decision(Act.Crash, who, 0, more);
        }
        if ((roll -= _sleepiness) < 0)
        {
            _asleep[who] = _random.Next(300);
        }
        return new Decision(Act.Go, who, 1 + _random.Next(_stretch), 0);
    }

    private Verb Draw(bool hasKeys)
    {
        while (true)
        {
            var at = _random.Next(_verbs.Sum());
            var verb = 0;
            while ((at -= _verbs[verb]) >= 0)
            {
                verb++;
            }
            if ((hasKeys || (Verb)verb is Verb.Backup or Verb.Full or Verb.Verify) && (Shape.HasRemote || (Verb)verb is not (Verb.Sync or Verb.SweepRemote or Verb.HealRemote)))
            {
                return (Verb)verb;
            }
        }
    }

    private static int UsualOf(Verb verb) => verb switch
    {
        Verb.Backup => 16, Verb.Sweep => 14, Verb.Retain => 6, Verb.Sync => 6, Verb.Full or Verb.SweepRemote or Verb.Restore => 4, Verb.EndErasure or Verb.Turn or Verb.MendKeys or Verb.Verify => 2, _ => 1,
    };
}
