//! The API of the runtime benchmark in Rust: Axum on Tokio, tokio-postgres with a deadpool.
//!
//! Settings come by environment: HOST, PORT, PRODUCT (the JSON that /json answers), DATABASE_URL, DATABASE_POOL;
//! Tokio itself reads TOKIO_WORKER_THREADS.

use std::{env, error::Error, hint::black_box, str::FromStr, sync::Arc};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::{get, post},
    serve::ListenerExt,
};
use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio_postgres::{Config, NoTls};

const PRODUCT_ID: i32 = 48_151_623;
const BELOW: u32 = 2000;
const ONE_ROW: &str = "SELECT id, sku, price_cents FROM product WHERE id = $1";

#[derive(Serialize, Deserialize)]
struct Product {
    id: i64,
    sku: String,
    name: String,
    currency: String,
    price_cents: i32,
    in_stock: bool,
    stock: Stock,
    tags: Vec<String>,
    rating: Rating,
    dimensions_mm: Vec<i32>,
    weight_g: i32,
    description: String,
    updated_at: String,
    links: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct Stock {
    warehouse: String,
    units: i32,
    reserved: i32,
}

#[derive(Serialize, Deserialize)]
struct Rating {
    average: f64,
    count: i32,
}

#[derive(Serialize)]
struct Computed {
    below: u32,
    primes: u32,
}

#[derive(Serialize)]
struct Row {
    id: i32,
    sku: String,
    price_cents: i32,
}

struct App {
    product: Product,
    pool: Option<Pool>, // None: no database is configured
}

fn main() -> Result<(), Box<dyn Error>> {
    if env::args().nth(1).as_deref() == Some("--version") {
        println!("{}", env!("VERSIONS"));
        return Ok(());
    }
    serve()
}

#[tokio::main]
async fn serve() -> Result<(), Box<dyn Error>> {
    let product = serde_json::from_str(&env::var("PRODUCT")?).map_err(|error| format!("PRODUCT is not the JSON of a product: {error}"))?;
    let app = Arc::new(App { product, pool: pool()? });
    let routes = Router::new()
        .route("/health", get(|| async { "ok" }))
        .route("/json", get(|State(app): State<Arc<App>>| async move { answer(&app.product) }))
        .route("/echo", post(|body: Bytes| async { ([(CONTENT_TYPE, "application/json")], body) }))
        .route("/compute", get(|| async { answer(&Computed { below: BELOW, primes: primes(black_box(BELOW)) }) }))
        .route("/database", get(database))
        .with_state(app);
    let address = format!("{}:{}", env::var("HOST")?, env::var("PORT")?);
    let listener = TcpListener::bind(address).await?.tap_io(|stream| {
        let _ = stream.set_nodelay(true); // as the other runtimes have it by default
    });
    axum::serve(listener, routes).await?;
    Ok(())
}

fn pool() -> Result<Option<Pool>, Box<dyn Error>> {
    let Ok(url) = env::var("DATABASE_URL") else { return Ok(None) };
    if url.is_empty() {
        return Ok(None);
    }
    let config = Config::from_str(&url).map_err(|error| format!("DATABASE_URL: {error}"))?;
    let size = env::var("DATABASE_POOL")?.parse().map_err(|_| "DATABASE_POOL is not a number")?;
    let manager = Manager::from_config(config, NoTls, ManagerConfig { recycling_method: RecyclingMethod::Fast });
    Ok(Some(Pool::builder(manager).max_size(size).build()?))
}

async fn database(State(app): State<Arc<App>>) -> Response {
    let Some(pool) = &app.pool else {
        return (StatusCode::SERVICE_UNAVAILABLE, "no database is configured").into_response();
    };
    match one_row(pool).await {
        Ok(row) => answer(&row),
        Err(error) => {
            eprintln!("{error}");
            (StatusCode::INTERNAL_SERVER_ERROR, "the database did not answer").into_response()
        }
    }
}

async fn one_row(pool: &Pool) -> Result<Row, Box<dyn Error + Send + Sync>> {
    let client = pool.get().await?;
    let statement = client.prepare_cached(ONE_ROW).await?;
    let row = client.query_one(&statement, &[&PRODUCT_ID]).await?;
    Ok(Row { id: row.get(0), sku: row.get(1), price_cents: row.get(2) })
}

fn answer(value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(body) => ([(CONTENT_TYPE, "application/json")], body).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// Counts the primes below a limit by trial division: work that no library does for a runtime.
fn primes(limit: u32) -> u32 {
    let is_prime = |n: u32| (2..).take_while(|d| d * d <= n).all(|d| n % d != 0);
    (2..limit).filter(|n| is_prime(*n)).count() as u32
}
