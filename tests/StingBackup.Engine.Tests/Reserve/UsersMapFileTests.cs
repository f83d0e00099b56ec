using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Tests.Reserve;

public sealed class UsersMapFileTests
{
    private const string Uuid = "0b8f0f4e-4d5c-4f39-9a55-2f2f7c9d0001", Uuid2 = "0b8f0f4e-4d5c-4f39-9a55-2f2f7c9d0002";

    private static UsersMap Read(string text, string name = "/r/users.csv") => UsersMapFile.Read(name, new FakeHost().WithFile(name, text));

    private static string Error(string text, string name = "/r/users.csv")
    {
        var error = Assert.Throws<StingException>(() => Read(text, name));
        Assert.Equal(("UsersMapInvalid", FailureKind.InvalidConfiguration, name), (error.ErrorId, error.Kind, error.Target));
        return error.Message;
    }

    [Fact]
    public void A_csv_file_is_read_whatever_the_order_of_its_columns()
    {
        var map = Read($"email,role,Kratos_ID,id,name\r\nann@example.com,admin,{Uuid},1,\"Meyer, Ann \"\"A\"\"\"\r\n\r\nbob@example.com,,,2,\"two\nlines\"\r\ncy@example.com,,,,\r\n");
        Assert.Equal(
            [
                new UserEntry(Guid.Parse(Uuid), 1, "ann@example.com", null, "Meyer, Ann \"A\"", 2),
                new UserEntry(null, 2, "bob@example.com", null, "two\nlines", 4),
                new UserEntry(null, null, "cy@example.com", null, null, 6),
            ], map.Entries);
        Assert.Equal("user:" + Uuid, map.Resolve("ANN@example.com"));
    }

    [Fact]
    public void A_spreadsheets_semicolons_and_byte_order_mark_are_understood()
    {
        var map = Read($"\uFEFFid;email\n{Uuid};ann@example.com\n7;bob@example.com");
        Assert.Equal("user:" + Uuid, map.Resolve("ann@example.com"));
        Assert.Equal("user#7", map.Resolve("bob@example.com"));
    }

    [Theory]
    [InlineData("", ":1: the file has no header row")]
    [InlineData("name,role\nx,y", ":1: the header 'name,role' has none of the columns")]
    [InlineData("id,email,id\n1,a@b,1", ":1: the header has the column 'id' twice")]
    [InlineData("id,email\n1", ":2: the row has 1 fields, the header 2")]
    [InlineData("id,email\n1,a@b,c", ":2: the row has 3 fields")]
    [InlineData("id,email\n1,a@b\n2,\"x@y", ":3: a quote is not closed")]
    [InlineData("id,email\n2,\"x@y\"z", ":2: a quote is not closed, or something follows")]
    [InlineData("id,email\none,a@b", ":2: id 'one' is neither")]
    [InlineData("id,email\n01,a@b", ":2: id '01' is neither")]
    [InlineData("id,email\n-1,a@b", ":2: id '-1' is neither")]
    [InlineData("kratos_id\nxyz", ":2: kratos_id 'xyz' is not a UUID")]
    [InlineData("id,kratos_id\n0b8f0f4e-4d5c-4f39-9a55-2f2f7c9d0001,0b8f0f4e-4d5c-4f39-9a55-2f2f7c9d0002", ":2: id and kratos_id are two different UUIDs")]
    [InlineData("email\nnobody", ":2: email 'nobody' is not")]
    [InlineData("email\na@b@c", ":2: email 'a@b@c' is not")]
    [InlineData("folder\na/b", ":2: folder 'a/b' is not")]
    [InlineData("folder\n..", ":2: folder '..' is not")]
    [InlineData("email,name\n,x", ":2: the row has no id")]
    [InlineData("email\na@b\nA@B", ":3: 'A@B' stands on line 2 already")]
    [InlineData("id,folder\n1,x\n2,1", ":3: '1' stands on line 2 already")]
    public void A_bad_row_is_refused_with_file_and_line(string csv, string problem) => Assert.Contains("/r/users.csv" + problem, Error(csv), StringComparison.Ordinal);

    [Fact]
    public void All_bad_rows_are_told_up_to_ten()
    {
        Assert.Contains(":2: ", Error("id\nx\n1\ny\n"), StringComparison.Ordinal);
        Assert.Contains(":4: ", Error("id\nx\n1\ny\n"), StringComparison.Ordinal);
        Assert.Contains("and 5 more", Error("id\n" + string.Concat(Enumerable.Repeat("x\n", 15))), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[{0}]")]
    [InlineData("{{\"made\": {{\"by\": [1]}}, \"users\": [{0}], \"more\": 1}}")]
    public void A_json_file_is_read(string frame)
    {
        var people = $$"""
            {"id": 1, "kratos_id": "{{Uuid}}", "email": "ann@example.com", "roles": ["a", {"b": 1}], "name": null},
            {"id": "2", "email": "bob@example.com", "folder": "bobby"},
            """;
        var map = Read(string.Format(System.Globalization.CultureInfo.InvariantCulture, frame, people), "/r/users.json");
        Assert.Equal([new UserEntry(Guid.Parse(Uuid), 1, "ann@example.com", null, null, 1), new UserEntry(null, 2, "bob@example.com", "bobby", null, 2)], map.Entries);
    }

    [Theory]
    [InlineData("", ":1: this is not JSON")]
    [InlineData("[\n{\"id\": 1},\n{\"id\": }]", ":3: this is not JSON")]
    [InlineData("7", ":1: neither an array")]
    [InlineData("{\"people\": []}", "neither an array")]
    [InlineData("{\"users\": 1}", "neither an array")]
    [InlineData("[\n1]", ":2: a person is written as an object")]
    [InlineData("[\n\n{\"id\": true}]", ":3: 'id' is neither text nor a number")]
    [InlineData("[{\"id\": 1, \"id\": 2}]", ":1: 'id' stands twice")]
    [InlineData("[{\"id\": 1.5}]", ":1: id '1.5' is neither")]
    [InlineData("[{\"id\": 1},\n{\"id\": 1}]", ":2: '1' stands on line 1 already")]
    public void Bad_json_is_refused_with_file_and_line(string json, string problem) => Assert.Contains(problem, Error(json, "/r/users.json"), StringComparison.Ordinal);

    [Fact]
    public void Text_in_another_encoding_is_refused()
    {
        foreach (var name in (string[])["/r/users.csv", "/r/users.json"])
        {
            var host = new FakeHost();
            host.Files[name] = [.. "[{\"email\": \"a\xff@b\"}]".Select(c => (byte)c)];
            Assert.Equal("UsersMapInvalid", Assert.Throws<StingException>(() => UsersMapFile.Read(name, host)).ErrorId);
        }
    }

    [Fact]
    public void The_map_is_looked_for_in_the_reserve_then_beside_it()
    {
        var settings = new ReserveSettings { Path = "/srv/reserve" };
        var host = new FakeHost().WithFolder("/srv/reserve/users/ann@example.com");
        Assert.Null(UsersMapFile.Find(settings, host));
        Assert.Equal("path:UserFiles/ann@example.com", UsersMapFile.Load(settings, host).Resolve("ann@example.com"));
        host.WithFile("/srv/users.json", "[]");
        Assert.Equal("/srv/users.json", UsersMapFile.Find(settings, host));
        host.WithFile("/srv/reserve/users.csv", $"kratos_id,email\n{Uuid2},ann@example.com");
        Assert.Equal("/srv/reserve/users.csv", UsersMapFile.Find(settings, host));
        Assert.Equal("user:" + Uuid2, UsersMapFile.Load(settings, host).Resolve("ann@example.com"));
        host.WithFile("/srv/reserve/users.json", "[]");
        Assert.Equal("UsersMapAmbiguous", Assert.Throws<StingException>(() => UsersMapFile.Find(settings, host)).ErrorId);
        Assert.Equal("/srv/users.json", UsersMapFile.Find(settings with { UsersMap = "/srv/users.json" }, host));
    }

    [Fact]
    public void A_map_that_is_named_but_missing_or_closed_stops_the_run()
    {
        var settings = new ReserveSettings { Path = "/srv/reserve", UsersMap = "/srv/people.csv" };
        var host = new FakeHost();
        Assert.Equal("UsersMapNotFound", Assert.Throws<StingException>(() => UsersMapFile.Load(settings, host)).ErrorId);
        host.WithFile("/srv/people.csv", "id").Unreadable.Add("/srv/people.csv");
        Assert.Equal("UsersMapUnreadable", Assert.Throws<StingException>(() => UsersMapFile.Load(settings, host)).ErrorId);
    }
}
