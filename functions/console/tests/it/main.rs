//! The console, driven as a browser and as a program would, over ports in memory with the real engine
//! behind them.

mod accounts;
mod api;
mod browser;
mod doors;
mod look;
mod pages;
mod twins;
mod world;
