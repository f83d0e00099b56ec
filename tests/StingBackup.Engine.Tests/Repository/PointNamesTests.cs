using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Tests.Repository;

/// <summary>Hosts that begin in one second do not share a run's name, whatever they saw of each other.</summary>
public sealed class PointNamesTests
{
    [Fact]
    public void Of_points_with_one_name_each_gets_its_own_in_whatever_order_they_are_met()
    {
        StoredPoint[] points =
        [
            Point(1, "backup_20260101_020000", 10), Point(2, "backup_20260101_020000", 9), Point(3, "backup_20260101_020000_2", 11), Point(4, "backup_20260101_020000", 9), Point(5, "backup_20260101_030000", 1),
            Point(6, "", 5), Point(7, "", 5),
        ];
        Dictionary<byte, string> expected = new()
        {
            [2] = "backup_20260101_020000", [4] = "backup_20260101_020000_3", [1] = "backup_20260101_020000_4", [3] = "backup_20260101_020000_2", [5] = "backup_20260101_030000", [6] = "", [7] = "",
        };
        for (var round = 0; round < 20; round++)
        {
            new Random(round).Shuffle(points);
            var settled = PointNames.Settle(points);
            Assert.Equal(points.Select(p => p.Record.Writer), settled.Select(p => p.Record.Writer));
            Assert.All(settled, p => Assert.Equal(expected[p.Record.Writer.ToArray()[0]], p.Record.Name));
        }
    }

    private static StoredPoint Point(byte writer, string name, long completed)
    {
        var id = new byte[Id16.Size];
        id[0] = writer;
        return new StoredPoint(new PointRecord { Reserve = default, Writer = new Id16(id), Sequence = 1, Previous = default, Name = name, TimeNs = 1, CompletedNs = completed }, default);
    }
}
