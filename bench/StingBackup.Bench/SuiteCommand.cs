using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Bench;

/// <summary>What a key pair, a sealed data key and its opening cost in each suite, on one thread.</summary>
internal static class SuiteCommand
{
    private const int Rounds = 2000;
    private const int Runs = 5;

    public static int Run()
    {
        var reserve = new Id16(RandomNumberGenerator.GetBytes(16));
        var dataKey = RandomNumberGenerator.GetBytes(32);
        Console.WriteLine("| | public key, bytes | sealed data key, bytes | new key pair, µs | seal, µs | open, µs |\n|---|--:|--:|--:|--:|--:|");
        foreach (var suite in new[] { KemSuite.P256, KemSuite.Hybrid })
        {
            using var subject = AgreementKey.Generate(suite);
            var message = DataKeys.Seal(subject.PublicKey.Span, reserve, reserve, 1, dataKey);
            var opened = new byte[32];
            var make = Time(() => AgreementKey.Generate(suite).Dispose());
            var seal = Time(() => DataKeys.Seal(subject.PublicKey.Span, reserve, reserve, 1, dataKey));
            var open = Time(() =>
            {
                if (!DataKeys.TryOpen(subject, reserve, reserve, 1, message, opened))
                {
                    throw new InvalidOperationException("A data key did not open.");
                }
            });
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {suite.Name} | {suite.PublicSize} | {message.Length} | {make:F0} | {seal:F0} | {open:F0} |"));
        }
        return 0;
    }

    /// <summary>Microseconds a round: the median of some runs, after one to warm up.</summary>
    private static double Time(Action round)
    {
        var runs = new double[Runs];
        for (var run = -1; run < Runs; run++)
        {
            var watch = Stopwatch.StartNew();
            for (var i = 0; i < Rounds; i++)
            {
                round();
            }
            if (run >= 0)
            {
                runs[run] = watch.Elapsed.TotalMicroseconds / Rounds;
            }
        }
        Array.Sort(runs);
        return runs[Runs / 2];
    }
}
