using StingBackup.Engine.Lifecycle.Forecast;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Tests.Lifecycle.Forecast;

/// <summary>A forecast asks daily which pieces are reached still. What is kept up to date for that is compared with what it means: a standing point between a piece's first run and the first that did not find it.</summary>
public sealed class PlayedPointsTests
{
    public static TheoryData<int, bool> Cases => new() { { 1, false }, { 2, false }, { 3, false }, { 4, true }, { 5, true }, { 6, true } };

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_piece_is_reached_by_what_stands_between_its_birth_and_its_end(int seed, bool isThinned)
    {
        var random = new Random(seed);
        var settings = new RetentionSettings(5, 10, 3650, Enum.GetValues<DataClass>().ToDictionary(c => c, _ => 20)) { MinimumCopies = seed % 3, Thinning = isThinned ? new ThinningSettings(2, 6, 5, 2, 0, 0) : null };
        var points = new PlayedPoints(DataClass.UserFiles, settings, TimeZoneInfo.Utc);
        var (now, dropped, gone) = (new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), 0, 0);
        var living = new Piece?[8];
        var pieces = new List<Piece>();
        for (var run = 0; run < 400; run++)
        {
            for (var i = 0; i < living.Length; i++)
            {
                if (living[i] is null || random.Next(6) == 0)
                {
                    if (living[i] is { } before)
                    {
                        points.Replace(before, run);
                    }
                    pieces.Add(living[i] = new Piece(0, isPage: false, 1, run));
                }
            }
            points.Add(run, now);
            // Once in a while a class waits longer than its points are kept.
            now += random.Next(100) == 0 ? TimeSpan.FromDays(25) : TimeSpan.FromMinutes(random.Next(15, 600));
            if (random.Next(3) == 0)
            {
                dropped += points.Retain(now);
                int[] standing = [.. points.Until(DateTimeOffset.MaxValue, -1)];
                Assert.Equal(points.Count, standing.Length);
                foreach (var first in (int[])[0, run / 2, run, points.FirstWithin(5, now)])
                {
                    Assert.All(pieces, piece => Assert.Equal(standing.Any(at => at >= first && at >= piece.Born && at < piece.Died), points.Reaches(piece, first)));
                }
                gone = pieces.Count(piece => !points.Reaches(piece));
            }
        }
        Assert.True(dropped > 50 && gone > 20, $"{dropped} points went and {gone} pieces: too few to show anything.");
    }
}
