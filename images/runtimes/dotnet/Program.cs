// The API of the runtime benchmark in C#: ASP.NET Core's minimal API and Npgsql.
//
// Settings come by environment: HOST, PORT, PRODUCT (the JSON that /json answers), DATABASE_URL, DATABASE_POOL.
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Npgsql;

const int ProductId = 48151623;
const int Below = 2000;

if (args.Contains("--version"))
{
    Console.WriteLine($"{RuntimeInformation.FrameworkDescription}, Npgsql {typeof(NpgsqlDataSource).Assembly.GetName().Version}");
    return;
}

var json = new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
var product = JsonSerializer.Deserialize<Product>(Setting("PRODUCT"))!;
var source = Environment.GetEnvironmentVariable("DATABASE_URL") is { Length: > 0 } url ? Source(new Uri(url)) : null;

var builder = WebApplication.CreateSlimBuilder();
builder.Logging.ClearProviders();
builder.WebHost.UseUrls($"http://{Setting("HOST")}:{Setting("PORT")}");
builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.KeepAliveTimeout = TimeSpan.FromHours(1));
var app = builder.Build();

app.MapGet("/health", () => "ok");
app.MapGet("/json", () => Answer(product));
app.MapPost("/echo", async (HttpContext context) =>
{
    context.Response.ContentType = "application/json";
    context.Response.ContentLength = context.Request.ContentLength;
    await context.Request.Body.CopyToAsync(context.Response.Body);
});
app.MapGet("/compute", () => Answer(new Computed(Below, Primes(Below))));
app.MapGet("/database", async () =>
{
    if (source is null) return Results.Text("no database is configured", statusCode: 503);
    await using var command = source.CreateCommand("SELECT id, sku, price_cents FROM product WHERE id = $1");
    command.Parameters.AddWithValue(ProductId);
    await using var reader = await command.ExecuteReaderAsync();
    await reader.ReadAsync();
    return Answer(new Row(reader.GetInt32(0), reader.GetString(1), reader.GetInt32(2)));
});
app.Run();

IResult Answer<T>(T value) => Results.Bytes(JsonSerializer.SerializeToUtf8Bytes(value, json), "application/json");

static string Setting(string name) => Environment.GetEnvironmentVariable(name) ?? throw new InvalidOperationException($"{name} is not set");

static NpgsqlDataSource Source(Uri url)
{
    var settings = new NpgsqlConnectionStringBuilder
    {
        Host = url.Host,
        Port = url.Port,
        Database = url.AbsolutePath.TrimStart('/'),
        Username = url.UserInfo.Split(':')[0],
        Password = url.UserInfo.Contains(':') ? url.UserInfo.Split(':')[1] : null,
        MaxPoolSize = int.Parse(Setting("DATABASE_POOL")),
        MaxAutoPrepare = 8,
        AutoPrepareMinUsages = 1,
    };
    return NpgsqlDataSource.Create(settings.ConnectionString);
}

// Counts the primes below a limit by trial division: work that no library does for a runtime.
static int Primes(int limit)
{
    var found = 0;
    for (var n = 2; n < limit; n++)
    {
        var prime = true;
        for (var d = 2; d * d <= n; d++)
        {
            if (n % d == 0)
            {
                prime = false;
                break;
            }
        }
        if (prime) found++;
    }
    return found;
}

record Product(
    [property: JsonPropertyName("id")] long Id,
    [property: JsonPropertyName("sku")] string Sku,
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("currency")] string Currency,
    [property: JsonPropertyName("price_cents")] int PriceCents,
    [property: JsonPropertyName("in_stock")] bool InStock,
    [property: JsonPropertyName("stock")] Stock Stock,
    [property: JsonPropertyName("tags")] string[] Tags,
    [property: JsonPropertyName("rating")] Rating Rating,
    [property: JsonPropertyName("dimensions_mm")] int[] DimensionsMm,
    [property: JsonPropertyName("weight_g")] int WeightG,
    [property: JsonPropertyName("description")] string Description,
    [property: JsonPropertyName("updated_at")] string UpdatedAt,
    [property: JsonPropertyName("links")] string[] Links);

record Stock(
    [property: JsonPropertyName("warehouse")] string Warehouse,
    [property: JsonPropertyName("units")] int Units,
    [property: JsonPropertyName("reserved")] int Reserved);

record Rating([property: JsonPropertyName("average")] double Average, [property: JsonPropertyName("count")] int Count);

record Computed([property: JsonPropertyName("below")] int Below, [property: JsonPropertyName("primes")] int Primes);

record Row(
    [property: JsonPropertyName("id")] int Id,
    [property: JsonPropertyName("sku")] string Sku,
    [property: JsonPropertyName("price_cents")] int PriceCents);
